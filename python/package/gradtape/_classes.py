"""Classes of estimators: their names in model files, and how much each counts."""

import numpy as np


def kept(classes):
    """The classes for a model file: the type and the values, where JSON can say them."""
    values = classes.astype(str) if classes.dtype.kind == "M" else classes
    values = values.tolist()
    if classes.dtype.kind in "biufUM" or all(isinstance(value, str) for value in values):
        return {"type": classes.dtype.str, "values": values}
    return None


def of_model(names, kept, numeric):
    """The classes of a model: as they were kept, or numbers where their names are."""
    if kept is not None:
        return np.array(kept["values"], dtype=np.dtype(kept["type"]))
    if not numeric:
        return np.array(names, dtype=object)
    numbers = np.array([float(name) for name in names])
    return numbers.astype(np.int64) if (numbers == numbers.round()).all() else numbers


def name(label):
    """A class as the model file names it."""
    if isinstance(label, (bool, np.bool_)):
        return "true" if label else "false"
    if isinstance(label, (float, np.floating)) and label.is_integer():
        return str(int(label))
    return str(label)


def weights(how, classes, labels, of_rows):
    """How much a row of each class counts; `of_rows` are the weights of rows, if they have any."""
    if isinstance(how, dict):
        unknown = [label for label in how if label not in classes.tolist()]
        if unknown:
            raise ValueError(f"class_weight names {unknown[0]!r}, which is none of the classes {classes.tolist()[:10]}")
        own = np.array([float(how.get(label, 1.0)) for label in classes.tolist()])
        if not np.isfinite(own).all() or (own < 0).any():
            raise ValueError(f"class_weight is {how!r}: weights are finite and at least 0")
        return own
    if not isinstance(how, str) or how != "balanced":
        raise ValueError(f"class_weight is {how!r}: it is 'balanced' or a dict from class to weight")
    counts = np.bincount(labels, weights=of_rows, minlength=len(classes))
    return counts.sum() / (len(classes) * np.maximum(counts, 1e-300))
