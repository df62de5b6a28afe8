"""Data frames of pandas and polars, column by column, without importing either."""

import decimal
import sys

import numpy as np


def is_frame(X):
    """Whether it is a data frame of pandas or polars."""
    return _of(X, "pandas", "DataFrame") or _of(X, "polars", "DataFrame")


def _of(value, module, name):
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(value, getattr(loaded, name))


def name_of(y, usual):
    """The name of a series, or the usual one."""
    name = getattr(y, "name", None)
    return name if isinstance(name, str) and name else usual


def is_numeric(frame):
    """Whether every column is of numbers or of yes and no; fails where two have the same name."""
    names = list(frame.columns)
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise ValueError(f"two columns have the name {twice!r}: rename one")
    return all(_kind(frame[name]) in ("number", "bool") for name in frame.columns)


def as_numbers(X):
    """A frame of numbers as one array with its names; anything else as it is."""
    if _of(X, "pandas", "DataFrame"):
        import pandas

        # Gaps of nullable columns become NaN.
        return pandas.DataFrame({name: _numbers(X[name]) for name in X.columns}, index=X.index)
    if _of(X, "polars", "DataFrame"):
        import polars

        return X.cast(polars.Float64)
    return X


def columns(frame):
    """Tuples of name, kind and cells, as the extension takes them."""
    return [_column(str(name), frame[name]) for name in frame.columns]


def _column(name, series):
    kind = _kind(series)
    if kind == "number":
        numbers = _numbers(series)
        if np.isinf(numbers).any():
            raise ValueError(f"column {name!r} has infinity: leave such cells out, or make them missing")
        return name, "number", np.ascontiguousarray(numbers)
    cells = _objects(series)
    if kind == "bool":
        return name, "text", [None if cell is None else str(bool(cell)).lower() for cell in cells]
    if kind == "date":
        return name, "text", [None if cell is None else _iso(cell) for cell in cells]
    return name, kind, [None if cell is None else str(cell) for cell in cells]


def _iso(moment):
    """A moment as text, without the fraction of its second and the zone."""
    return str(moment).split(".")[0][:19]


def _kind(series):
    """number, bool, date, category or text."""
    dtype = series.dtype
    name = str(dtype).lower()
    if name.startswith("bool"):
        return "bool"
    if name.startswith(("int", "uint", "float", "decimal", "double")):
        return "number"
    if name.startswith(("datetime", "date", "time", "timestamp", "period")):
        return "date"
    if name.startswith(("categor", "enum")):
        return "category"
    if name == "object":
        return _kind_of_objects(series)
    return "text"


def _kind_of_objects(series):
    """The kind of a column of Python's objects: that of what it holds."""
    known = [cell for cell in _objects(series) if cell is not None]
    if known and all(isinstance(cell, (bool, np.bool_)) for cell in known):
        return "bool"
    if known and all(isinstance(cell, (int, float, np.number, decimal.Decimal)) for cell in known):
        return "number"
    return "text"


def _numbers(series):
    """A column as float64, NaN where missing."""
    if hasattr(series, "to_numpy") and _of(series, "pandas", "Series"):
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    cells = series.to_list()
    return np.array([np.nan if cell is None else float(cell) for cell in cells], dtype=np.float64)


def _objects(series):
    """The cells of a column, None where missing."""
    if _of(series, "pandas", "Series"):
        missing = series.isna()
        return [None if gone else cell for cell, gone in zip(series.tolist(), missing)]
    return series.to_list()
