"""The parameters of estimators, as the extension takes them; what is no value of one is refused by its name."""

import os

import numpy as np


class Settings:
    """What the extension is told."""

    def __init__(self, **settings):
        vars(self).update(settings)


def settings_of(estimator):
    """The settings that the parameters of an estimator stand for, by their names."""
    held_out = number("validation_fraction", estimator.validation_fraction, 0, 1)
    if held_out is None:
        raise ValueError("validation_fraction is None: it is a share of at least 0 and less than 1; 0 holds out no row")
    stops, patience = _stopping(estimator.early_stopping)
    if stops is False:
        held_out = 0.0
    elif stops and held_out == 0:
        raise ValueError(
            f"early_stopping is {estimator.early_stopping!r}, and validation_fraction is 0: no row is held out to tell when to "
            "stop; give a share as 0.1, or early_stopping=None"
        )
    return dict(
        hidden=_hidden(estimator.hidden),
        activation=word("activation", estimator.activation),
        dropout=number("dropout", estimator.dropout, 0, 1),
        members=whole("members", estimator.members),
        epochs=whole("epochs", estimator.epochs),
        batch_size=whole("batch_size", estimator.batch_size),
        patience=patience,
        stops=bool(stops),
        optimizer=word("optimizer", estimator.optimizer),
        learning_rate=number("learning_rate", estimator.learning_rate, 0, above=True),
        weight_decay=number("weight_decay", estimator.weight_decay, 0),
        schedule=word("schedule", estimator.schedule),
        validation=held_out,
        seed=_seed(estimator.random_state),
        threads=_threads(estimator.n_jobs),
    )


def word(name, value):
    """A text or None."""
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}: it is a name, or None")
    return value


def whole(name, value, others="or None"):
    """A whole number of at least 1, or None."""
    if value is None:
        return None
    if not _is_whole(value) or value < 1:
        raise ValueError(f"{name} is {value!r}: it is a whole number of at least 1, {others}")
    if value > _MOST:
        raise ValueError(f"{name} is {value!r}: it is at most {_MOST}")
    return int(value)


def number(name, value, least, below=None, above=False):
    """A finite number of at least so much and below something, or None; with `above`, it is more than the least."""
    if value is None:
        return None
    try:
        # Neither yes and no nor texts are numbers, whatever float() makes of them.
        own = np.nan if isinstance(value, (bool, np.bool_, str, bytes)) else float(value)
    except (TypeError, ValueError, OverflowError):
        own = np.nan
    low = own > least if above else own >= least
    if not np.isfinite(own) or not low or below is not None and own >= below:
        bounds = f"above {least}" if above else f"of at least {least}"
        bounds += "" if below is None else f" and less than {below}"
        raise ValueError(f"{name} is {value!r}: it is a number {bounds}, or None")
    return own


def _is_whole(value):
    return isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_))


def _hidden(hidden):
    if hidden is None:
        return None
    if _is_whole(hidden):
        hidden = [hidden]
    if isinstance(hidden, (str, bytes)) or not hasattr(hidden, "__iter__"):
        raise ValueError(f"hidden is {hidden!r}: it is a width, as 64, or several, as (64, 64)")
    widths = list(hidden)
    if any(width is None for width in widths):
        raise ValueError(f"hidden is {hidden!r}: each width is a whole number of at least 1")
    return [whole("hidden", width, "or several of them, or None") for width in widths]


def _stopping(given):
    """Whether training ends early, None where that is not said, and after how many epochs, if that is."""
    if given is None:
        return None, None
    if isinstance(given, (bool, np.bool_)):
        return bool(given), None
    return True, whole("early_stopping", given, "or True, False or None")


def _seed(random_state):
    most = np.iinfo(np.int32).max
    if random_state is None:
        return int(np.random.mtrand._rand.randint(most))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(most))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(most))
    if not _is_whole(random_state) or random_state < 0:
        raise ValueError(
            f"random_state is {random_state!r}: it is a whole number of at least 0, a generator of NumPy, or None"
        )
    return int(random_state) % 2**64


def _threads(n_jobs):
    """How many threads compute: 0 for all cores."""
    if n_jobs is not None:
        if not _is_whole(n_jobs) or n_jobs == 0:
            raise ValueError(f"n_jobs is {n_jobs!r}: it is a number of threads, -1 for all cores, or None")
        return int(n_jobs) if n_jobs > 0 else max(1, cores() + 1 + int(n_jobs))
    told = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(told) if told.isascii() and told.isdigit() else 0


def cores():
    """How many cores this process may use, which can be fewer than there are."""
    if hasattr(os, "process_cpu_count"):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


#: More does not fit in what counts.
_MOST = 2**53
