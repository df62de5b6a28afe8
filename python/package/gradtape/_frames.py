"""Data frames of pandas and polars, column by column, without importing either."""

import datetime
import decimal
import re
import sys

import numpy as np


def is_frame(X):
    """Whether it is a data frame of pandas or polars."""
    return _of(X, "pandas", "DataFrame") or _of(X, "polars", "DataFrame")


def _of(value, module, name):
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(value, getattr(loaded, name))


def name_of(y, usual, taken):
    """The name of a series, or the usual one, that no column has."""
    name = getattr(y, "name", None)
    name = name.strip() if isinstance(name, str) and name.strip() else usual
    while name in taken:
        name += "_target"
    return name


def names(frame):
    """The names of the columns as model files have them; fails where two have the same."""
    all_names = [str(name).strip() or f"unnamed_{place + 1}" for place, name in enumerate(frame.columns)]
    twice = next((name for place, name in enumerate(all_names) if name in all_names[:place]), None)
    if twice is not None:
        raise ValueError(f"two columns have the name {twice!r}: rename one")
    return all_names


def kinds(frame):
    """What each column holds: number, bool, date, duration, category or text."""
    return [_kind(name, _series(frame, place)) for place, name in enumerate(names(frame))]


def as_numbers(X):
    """A frame of numbers as one array with its names; anything else as it is."""
    if _of(X, "pandas", "DataFrame"):
        import pandas

        # Gaps of nullable columns become NaN.
        own = {name: _numbers(name, _series(X, place)) for place, name in enumerate(X.columns)}
        return pandas.DataFrame(own, index=X.index)
    if _of(X, "polars", "DataFrame"):
        import polars

        return X.cast(polars.Float64)
    return X


def at(frame, places):
    """The columns at some places."""
    return frame.iloc[:, places] if _of(frame, "pandas", "DataFrame") else frame[:, places]


def named(frame, wanted):
    """The columns of some names, in that order; fails where one is not there."""
    places = {name: place for place, name in enumerate(names(frame))}
    gone = [name for name in wanted if name not in places]
    if gone:
        raise ValueError(f"the frame has no column {gone[0]!r}, which the model needs: it has {', '.join(list(places)[:20])}")
    return at(frame, [places[name] for name in wanted])


def columns(frame, wanted=None):
    """Tuples of name, kind and cells, as the extension takes them.

    Columns that were fitted on have a kind that is `wanted`: what is of another is read so, or refused.
    """
    read = []
    for place, name in enumerate(names(frame)):
        series = _series(frame, place)
        kind = _kind(name, series)
        read.append(_column(name, kind, series, (wanted or {}).get(name, kind)))
    return read


def targets(y):
    """Targets as an array; fails where one is missing."""
    if _of(y, "pandas", "DataFrame") or _of(y, "polars", "DataFrame"):
        return y
    if _of(y, "pandas", "Series"):
        gone = np.flatnonzero(y.isna().to_numpy())
        cells = y.tolist
    elif _of(y, "polars", "Series"):
        gone = np.flatnonzero(y.is_null().to_numpy())
        cells = y.to_list
    else:
        array = y if isinstance(y, np.ndarray) else np.asarray(y, dtype=object)
        if array.dtype == object:
            gone = np.flatnonzero([_is_missing(cell) for cell in array.flat])
        else:
            gone = np.flatnonzero(np.isnat(array)) if array.dtype.kind in "mM" else np.array([])
        cells = lambda: y  # noqa: E731
    if len(gone):
        raise ValueError(f"Input y contains NaN: row {gone[0]} has no value to learn")
    return np.asarray(cells())


def _is_missing(cell):
    """Whether a cell of Python's objects is None, NaN, or what pandas has for them."""
    if cell is None:
        return True
    try:
        return bool(cell != cell)
    except TypeError:
        # NA of pandas is neither the same nor another.
        return True
    except ValueError:
        return False


def _series(frame, place):
    return frame.iloc[:, place] if _of(frame, "pandas", "DataFrame") else frame.to_series(place)


def _column(name, kind, series, wanted):
    """A column as the extension takes it, read as the kind that is wanted."""
    cells = None if kind == "number" else _objects(series)
    empty = cells is not None and all(cell is None for cell in cells)
    if wanted in ("number", "duration"):
        if empty:
            return name, "number", np.full(len(cells), np.nan)
        if kind == "bool":
            return name, "number", np.array([np.nan if cell is None else float(cell) for cell in cells])
        if kind not in ("number", "duration") or (kind == "duration") != (wanted == "duration"):
            raise ValueError(f"column {name!r} is of {_THINGS[kind]}, and was of {_THINGS[wanted]} when the model was fitted")
        numbers = _seconds(cells) if kind == "duration" else _numbers(name, series)
        if np.isinf(numbers).any():
            raise ValueError(f"column {name!r} has infinity: leave such cells out, or make them missing")
        return name, "number", np.ascontiguousarray(numbers)
    if cells is None:
        cells = _objects(series)
    if wanted == "bool" and not empty:
        known = {True: "true", False: "false", "true": "true", "false": "false", "True": "true", "False": "false"}
        wrong = next((cell for cell in cells if cell is not None and cell not in known), None)
        if wrong is not None:
            raise ValueError(f"column {name!r} has {wrong!r}, and was of yes and no when the model was fitted")
        return name, "category", [None if cell is None else known[cell] for cell in cells]
    if wanted == "date" and kind in ("number", "duration", "bool") and not empty:
        raise ValueError(f"column {name!r} is of {_THINGS[kind]}, and was of dates when the model was fitted")
    if kind == "date":
        return name, "text", [None if cell is None else _iso(cell) for cell in cells]
    texts = [None if cell is None else _text(cell) for cell in cells]
    wrong = next((text for text in texts if text is not None and not text.isascii() and _broken(text)), None)
    if wrong is not None:
        raise ValueError(f"column {name!r} has {wrong!r}, which is no text of Unicode")
    return name, "category" if wanted == "category" else "text", texts


_THINGS = {
    "number": "numbers",
    "duration": "durations",
    "bool": "yes and no",
    "date": "dates",
    "category": "categories",
    "text": "texts",
}


def _broken(text):
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _text(cell):
    """A cell as text; a whole number has no point."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _iso(moment):
    """A moment as text in UTC, without the fraction of its second."""
    if getattr(moment, "tzinfo", None) is not None and hasattr(moment, "astimezone"):
        moment = moment.astimezone(datetime.timezone.utc)
    return str(moment).split(".")[0].split("+")[0]


def _seconds(cells):
    """Durations in seconds, NaN where missing."""
    return np.array([np.nan if cell is None else cell.total_seconds() for cell in cells])


def _kind(name, series):
    """What a column holds: number, bool, date, duration, category or text."""
    dtype = str(series.dtype).lower()
    known = next((kind for pattern, kind in _KINDS if re.match(pattern, dtype)), "text")
    if known == "object":
        return _kind_of_objects(name, series)
    if known is None:
        raise ValueError(f"column {name!r} is of type {series.dtype}, of which nothing can be learned: leave it out")
    return known


#: Kinds by the names of types of pandas, Arrow and polars.
_KINDS = [
    (r"bool", "bool"),
    (r"u?int\d*\b|float\d*\b|double|half|decimal", "number"),
    (r"sparse\[(u?int|float)", "number"),
    (r"sparse\[bool", "bool"),
    (r"timedelta|duration", "duration"),
    (r"date|time|period", "date"),
    (r"categor|enum|dictionary", "category"),
    (r"object", "object"),
    (r"interval|complex|list|struct|array|binary|map", None),
]


def _kind_of_objects(name, series):
    """The kind of a column of Python's objects: that of what it holds."""
    known = [cell for cell in _objects(series) if cell is not None]
    for kind, types in [
        ("bool", (bool, np.bool_)),
        ("number", (int, float, np.integer, np.floating, decimal.Decimal)),
        ("duration", datetime.timedelta),
        ("date", (datetime.date, datetime.time)),
    ]:
        if known and all(isinstance(cell, types) for cell in known):
            return kind
    plain = (str, bool, np.bool_, int, float, np.integer, np.floating, decimal.Decimal, datetime.date, datetime.time)
    odd = next((cell for cell in known if not isinstance(cell, plain)), None)
    if odd is not None:
        raise ValueError(f"column {name!r} has {odd!r} of type {type(odd).__name__}, of which nothing can be learned: leave it out")
    return "text"


def _numbers(name, series):
    """A column as float64, NaN where missing."""
    try:
        if _of(series, "pandas", "Series"):
            return series.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.array([np.nan if cell is None else float(cell) for cell in series.to_list()], dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"column {name!r} has a cell that is no number of 64 bits: {error}") from None


def _objects(series):
    """The cells of a column, None where missing."""
    if _of(series, "pandas", "Series"):
        return [None if gone else cell for cell, gone in zip(series.tolist(), series.isna())]
    return series.to_list()
