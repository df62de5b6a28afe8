"""Functions that are recorded once and then run from their plan, and checks of gradients."""

from __future__ import annotations

import functools
import weakref

import numpy as np

from . import _gradtape
from ._gradtape import Parameter, Var
from ._operations import first_var
from ._transforms import recording_on
from ._tree import flatten, form_of


_FLOATS = (np.dtype("float32"), np.dtype("float64"))


def compile(function=None, *, training=True, most_traces=16):
    """A function that is recorded at its first call and run from its plan at every later one, without Python.

    It may end in an optimiser's step. It is recorded again when an argument has another shape, element type or form;
    arguments that are no numbers, such as texts, are part of the form. What varies from call to call must be an argument or
    a parameter: a branch on a value cannot be compiled. `training=False` has layers behave as in inference.

    >>> import gradtape as gt, numpy as np
    >>> square = gt.compile(lambda x: x * x)
    >>> square(3.0), square(4.0), square.recordings
    (np.float32(9.0), np.float32(16.0), 1)
    """
    if function is None:
        return functools.partial(compile, training=training, most_traces=most_traces)
    return Compiled(function, training, most_traces)


class Compiled:
    """A function made by `compile`."""

    def __init__(self, function, training=True, most_traces=16):
        functools.update_wrapper(self, function)
        self._function = function
        self._options = (training, most_traces)
        self._by_form = {}
        self._methods = {}

    @property
    def recordings(self):
        """How often the function was recorded."""
        return sum(own.compiled.recordings for own in self._by_form.values())

    def __get__(self, instance, owner=None):
        """Of a function in a class, the method of an object, which is recorded for each object."""
        if instance is None:
            return self
        # By address: objects need not be hashable, nor equal only to themselves. They are not kept alive.
        known = self._methods.get(id(instance))
        if known is None or known[0]() is not instance:
            methods, place = self._methods, id(instance)
            own = Compiled(_method(self._function, weakref.ref(instance)), *self._options)
            known = methods[place] = weakref.ref(instance, lambda _: methods.pop(place, None)), own
        return CompiledMethod(known[1], instance)

    def __call__(self, *args, **kwargs):
        if not kwargs and all(type(arg) is np.ndarray for arg in args):
            return self._run(len(args), list(args), args, kwargs)
        if first_var((args, kwargs)) is not None:
            return self._function(*args, **kwargs)
        leaves, _ = flatten((args, kwargs))
        fixed = tuple((at, leaf) for at, leaf in enumerate(leaves) if not _is_number(leaf))
        key = (form_of((args, kwargs)), fixed)
        numbers = [leaf for leaf in leaves if _is_number(leaf)]
        # Numbers of Python take the type of the arrays beside them.
        float_of = next((x.dtype for x in numbers if getattr(x, "dtype", int) in _FLOATS), None)
        if float_of is not None:
            numbers = [float_of.type(x) if type(x) is float else x for x in numbers]
        return self._run(key, numbers, args, kwargs)

    def _run(self, key, numbers, args, kwargs):
        own = self._by_form.get(key)
        if own is None:
            own = self._by_form[key] = _OfForm(self._function, (args, kwargs), self._options)
        found = own.compiled.call(numbers)
        return own.build([x[()] if x.ndim == 0 else x for x in found])


class CompiledMethod:
    """The method of an object that `compile` made; it keeps the object alive, as methods do."""

    def __init__(self, compiled, instance):
        functools.update_wrapper(self, compiled, updated=())
        self.__func__ = compiled
        self.__self__ = instance

    @property
    def recordings(self):
        """How often the method of this object was recorded."""
        return self.__func__.recordings

    def __call__(self, *args, **kwargs):
        return self.__func__(*args, **kwargs)


def _method(function, seen):
    """A function as the method of an object that is not kept alive."""

    @functools.wraps(function)
    def method(*args, **kwargs):
        return function(seen(), *args, **kwargs)

    return method


class _OfForm:
    """A compiled function for arguments of one form."""

    def __init__(self, function, example, options):
        leaves, build = flatten(example)
        places = [at for at, leaf in enumerate(leaves) if _is_number(leaf)]
        # Kept for their form alone.
        for at in places:
            leaves[at] = None
        # Nothing here points to what holds it: Python could not tell when it is no longer used.
        self.results = results = {}

        def record(tape, values):
            given = list(leaves)
            for at, value in zip(places, values):
                given[at] = value
            args, kwargs = build(given)
            with recording_on(tape):
                result = function(*args, **kwargs)
            found, rebuild = flatten(result)
            form = form_of(result)
            if form != results.setdefault("form", form):
                raise _gradtape.GradtapeError(
                    f"compile: the function gave {results['form']} before and gives {form} now\n"
                    "  hint: give results of one form, whatever the shapes of arguments are"
                )
            results["build"] = rebuild
            return [x if isinstance(x, Var) else tape.constant(x) for x in found]

        self.compiled = _gradtape.Compiled(record, *options)

    def build(self, leaves):
        return self.results["build"](leaves)


def _is_number(leaf):
    if isinstance(leaf, (bool, str, bytes, Parameter)) or callable(leaf):
        return False
    return isinstance(leaf, (int, float)) or hasattr(leaf, "dtype") or hasattr(leaf, "__array__")


def check_gradients(function, *args, tolerance=1e-6):
    """Compares first and second derivatives of a function with differences, and raises where one is off by more.

    Arguments are taken as float64; gives the worst of each order and argument, as dicts.
    """
    leaves, build = flatten(list(args))
    arrays = [np.asarray(leaf) for leaf in leaves]
    arrays = [x.astype(np.float64) if x.dtype.kind == "f" else x for x in arrays]

    def record(tape, values):
        with recording_on(tape), _gradtape.Traced(values):
            y = function(*build(values))
        return [y if isinstance(y, Var) else tape.constant(y)]

    rows = _gradtape.check_gradients_of(record, arrays)
    worst = max(rows, key=lambda row: row["error"], default=None)
    if worst is not None and not worst["error"] <= tolerance:
        raise _gradtape.GradtapeError(
            f"check_gradients: {worst['text']}\n"
            "  hint: where the function has a kink nearby, the difference is off; else its gradient rule is"
        )
    return rows
