"""Functions of functions: derivatives, and a function of one example as one of a batch.

Each takes a function of arrays, in trees of dicts, lists and tuples if one likes, and gives one. Called with values of
a tape, as inside of another, it records on that tape and gives values.

A function whose derivatives are taken may branch on comparisons and print; to read a number of what is differentiated is an
error, since its derivative would be 0.
"""

from __future__ import annotations

import functools
import threading

from . import _gradtape
from ._gradtape import Tape, Traced, Var
from ._operations import first_var, read
from ._tree import flatten, form_of


class _Active(threading.local):
    """The tapes on which functions of functions record now, the innermost last."""

    def __init__(self):
        self.tapes = []


_active = _Active()


class recording_on:
    """Has functions of functions that are called meanwhile record on a tape, whatever their arguments are."""

    def __init__(self, tape):
        self.tape = tape

    def __enter__(self):
        _active.tapes.append(self.tape)

    def __exit__(self, *_):
        _active.tapes.pop()


class _Recording:
    """A call of a function of functions: on the tape of its arguments or of what calls it, or on one of its own."""

    def __init__(self, trees):
        var = first_var(trees)
        tapes = [] if var is None else [var.tape]
        tapes = tapes or _active.tapes[-1:]
        self.inside = bool(tapes)
        self.tape = tapes[0] if tapes else Tape()
        self.float = self._float(trees)

    def call(self, function, *args, **kwargs):
        """What a function gives while it is recorded."""
        with recording_on(self.tape):
            return function(*args, **kwargs)

    def differentiated(self, values, function, *args, **kwargs):
        """As `call`, where derivatives by these values are taken: to read a number that depends on them is an error. With
        `None` a rule gives them."""
        with Traced(values):
            return self.call(function, *args, **kwargs)

    def watch(self, tree):
        """The leaves as values of their own, and what builds their tree."""
        leaves, build = flatten(tree)
        return [self._watched(leaf) for leaf in leaves], build

    def value(self, x):
        """A value, of a number or an array."""
        return x if isinstance(x, Var) else self.tape.constant(x, self._own(x))

    def give(self, tree):
        """What a caller is given: values inside of another function, arrays outside."""
        return tree if self.inside else read(tree)

    def _watched(self, leaf):
        if isinstance(leaf, Var):
            return leaf.copy()
        return self.tape.watch(leaf, self._own(leaf))

    def _own(self, leaf):
        # Numbers of Python take the type of the arrays beside them.
        return self.float if type(leaf) is float else None

    def _float(self, trees):
        for leaf in flatten(trees)[0]:
            dtype = getattr(leaf, "dtype", None)
            if dtype is not None and getattr(dtype, "kind", None) == "f":
                return dtype
        return None


def _chosen(args, argnums):
    """The numbers of arguments, as a tuple."""
    places = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    found = []
    for place in places:
        if not -len(args) <= place < len(args):
            raise _gradtape.GradtapeError(
                f"there is no argument {place}: the function is called with {len(args)}\n"
                "  hint: argnums are the numbers of positional arguments, from 0"
            )
        found.append(place % len(args))
    return found


def _parts(args, argnums, recording):
    """Watches arguments: the values, what builds their trees, and all arguments with them."""
    places = _chosen(args, argnums)
    args = list(args)
    values, builds = [], []
    for place in places:
        leaves, build = recording.watch(args[place])
        args[place] = build(leaves)
        values.append(leaves)
        builds.append(build)
    return values, builds, args


def _of_arguments(argnums, trees):
    return trees[0] if isinstance(argnums, int) else tuple(trees)


def value_and_grad(function, argnums=0, has_aux=False):
    """A function that gives a scalar and its gradient by the arguments that `argnums` names, as trees like these.

    With `has_aux` the function gives a pair, of which the first is differentiated: `((y, aux), gradient)`.
    """

    @functools.wraps(function)
    def call(*args, **kwargs):
        recording = _Recording((args, kwargs))
        values, builds, args = _parts(args, argnums, recording)
        flat = [value for leaves in values for value in leaves]
        y, aux = _split(recording.differentiated(flat, function, *args, **kwargs), has_aux)
        y = recording.value(y)
        slopes = iter(_gradtape.gradients_of(y, flat)) if flat else iter(())
        trees = [build([next(slopes) for _ in leaves]) for leaves, build in zip(values, builds)]
        y = (y, aux) if has_aux else y
        return recording.give((y, _of_arguments(argnums, trees)))

    return call


def grad(function, argnums=0, has_aux=False):
    """A function that gives the gradient of a scalar by the arguments that `argnums` names, as trees like these.

    >>> import gradtape as gt
    >>> gt.grad(lambda x: x ** 3)(2.0)
    np.float32(12.0)
    """
    both = value_and_grad(function, argnums, has_aux)

    @functools.wraps(function)
    def call(*args, **kwargs):
        y, slopes = both(*args, **kwargs)
        return (slopes, y[1]) if has_aux else slopes

    return call


def _split(answer, has_aux):
    if not has_aux:
        return answer, None
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise _gradtape.GradtapeError(
            "with has_aux the function gives a pair, of which the first is differentiated"
        )
    return answer


def vjp(function, *primals, has_aux=False):
    """What a function gives, and a function from cotangents, a tree like that, to those of all arguments: a tuple.

    Of values of a tape: `vjp(ys, cotangents, xs)`, three lists, gives a list.
    """
    if not callable(function):
        cotangents, xs = primals
        return _gradtape.vjp_of(*_lists(function, cotangents, xs))
    recording = _Recording(primals)
    values, builds, args = _parts(primals, tuple(range(len(primals))), recording)
    flat = [value for part in values for value in part]
    out, aux = _split(recording.differentiated(flat, function, *args), has_aux)
    leaves, build = flatten(out)
    ys = [recording.value(leaf) for leaf in leaves]

    def pull(cotangent):
        given, _ = flatten(cotangent)
        if form_of(cotangent) != form_of(out):
            raise _gradtape.GradtapeError(
                f"vjp: the cotangent is {form_of(cotangent)}, but the function gives {form_of(out)}"
            )
        cotangents = [_like(y, ct, "vjp: a cotangent", "a result") for y, ct in zip(ys, given)]
        slopes = iter(_gradtape.vjp_of(ys, cotangents, flat))
        trees = [b([next(slopes) for _ in part]) for part, b in zip(values, builds)]
        inside = recording.inside or first_var(cotangent) is not None
        return tuple(trees) if inside else read(tuple(trees))

    answer = recording.give(build(ys))
    return (answer, pull, recording.give(aux)) if has_aux else (answer, pull)


def _like(y, x, what, whose):
    """A number or an array, or a list of values, as a value of the shape and element type of another."""
    if not isinstance(x, Var):
        x = y.lift(x) if first_var(x) is not None else y.tape.constant(x, y.dtype)
    if x.shape != y.shape:
        raise _gradtape.GradtapeError(
            f"{what} has shape {x.shape}, but {whose} has shape {y.shape}\n"
            "  hint: they are not broadcast; np.broadcast_to(x, shape) or np.ones(shape) has the other's shape"
        )
    return x


def _lists(*parts):
    return [list(part) if isinstance(part, (list, tuple)) else [part] for part in parts]


def jvp(function, primals, tangents):
    """What a function gives, and how that moves when the arguments move along tangents: trees like them.

    Of values of a tape: `jvp(ys, xs, tangents)`, three lists, gives a list.
    """
    if not callable(function):
        return _gradtape.jvp_of(*_lists(function, primals, tangents))
    recording = _Recording((primals, tangents))
    if form_of(tuple(primals)) != form_of(tuple(tangents)):
        raise _gradtape.GradtapeError("jvp: the tangents are not of the form of the arguments")
    values, build = recording.watch(tuple(primals))
    given, _ = flatten(tuple(tangents))
    moves = [_like(x, move, "jvp: a tangent", "its argument") for x, move in zip(values, given)]
    leaves, rebuild = flatten(recording.differentiated(values, function, *build(values)))
    ys = [recording.value(leaf) for leaf in leaves]
    moved = _gradtape.jvp_of(ys, values, moves)
    return recording.give((rebuild(ys), rebuild(moved)))


def jacobian(function, argnums=0):
    """A function that gives all derivatives of the elements of what a function gives by those of arguments.

    For each array of the result a tree of arrays `[result's axes..., argument's axes...]`, like the argument.
    Of values of a tape: `jacobian(y, x)` gives a value.
    """
    if isinstance(function, Var):
        return _gradtape.jacobian_of(function, argnums)

    @functools.wraps(function)
    def call(*args, **kwargs):
        recording = _Recording((args, kwargs))
        values, builds, args = _parts(args, argnums, recording)
        flat = [value for part in values for value in part]
        leaves, build = flatten(recording.differentiated(flat, function, *args, **kwargs))
        rows = []
        for leaf in leaves:
            y = recording.value(leaf)
            trees = [
                rebuild([_gradtape.jacobian_of(y, x) for x in part])
                for part, rebuild in zip(values, builds)
            ]
            rows.append(_of_arguments(argnums, trees))
        return recording.give(build(rows))

    return call


def hessian(function, argnums=0):
    """A function that gives all second derivatives of a scalar by arguments.

    Of one array, an array `[its axes..., its axes...]`; of a tree, a tree of trees of them.
    Of values of a tape: `hessian(y, x)` gives a value.
    """
    if isinstance(function, Var):
        return _gradtape.hessian_of(function, argnums)
    return jacobian(grad(function, argnums), argnums)


def vmap(function, in_axes=0, out_axes=0):
    """A function of one example, applied to each of a batch: examples lie along these axes of arguments and results.

    `in_axes` is a number, `None` for what all examples share, or a tuple of one for each argument, each of which may be a
    tree. The function is called once.
    """

    @functools.wraps(function)
    def call(*args):
        recording = _Recording(args)
        axes = in_axes if isinstance(in_axes, (tuple, list)) else (in_axes,) * len(args)
        if len(axes) != len(args):
            raise _gradtape.GradtapeError(
                f"vmap: {len(axes)} axes for {len(args)} arguments\n"
                "  hint: in_axes is a number, or a tuple of one for each argument"
            )
        leaves, build = flatten(list(args))
        places = [place for axis, arg in zip(axes, args) for place in _axes(axis, arg)]
        values = [x if isinstance(x, Var) else recording._watched(x) for x in leaves]
        formed = []

        def one(examples):
            outputs, rebuild = flatten(recording.call(function, *build(examples)))
            formed.append(rebuild)
            return [recording.value(output) for output in outputs]

        found = _gradtape.vmap_of(one, values, places)
        out = formed[0](found)
        if out_axes != 0:
            ends = _axes(out_axes, out)
            found = [y if end in (0, None) else y.moveaxis(0, end) for y, end in zip(found, ends)]
            out = formed[0](found)
        return recording.give(out)

    return call


def _axes(axis, tree):
    """The axis of each leaf of a tree: one for all, or a tree of them."""
    count = len(flatten(tree)[0])
    if axis is None or isinstance(axis, int):
        return [axis] * count
    if isinstance(axis, dict):
        return [place for key in tree for place in _axes(axis[key], tree[key])]
    if isinstance(axis, (list, tuple)) and len(axis) == len(tree):
        return [place for own, part in zip(axis, tree) for place in _axes(own, part)]
    raise _gradtape.GradtapeError(
        f"vmap: {axis!r} are no axes of {form_of(tree)}\n"
        "  hint: a number for all, None for what is shared, or a tree of them"
    )


def gradient(y, xs):
    """The gradients of a scalar by values of its tape: a tree like `xs`."""
    leaves, build = flatten(xs)
    return build(_gradtape.gradients_of(y, leaves))


def custom_gradient(rule):
    """A function whose gradient a rule gives: `rule(inputs, value, cotangent)` answers with a cotangent for each input.

    The function may read numbers and compute with them as it likes. The rule is given values and records with them. One that
    uses other values of the tape keeps it alive until its reset.

    >>> import gradtape as gt
    >>> @gt.custom_gradient(lambda x, out, g: [-g])
    ... def turned(x):
    ...     return x
    >>> gt.grad(lambda x: turned(x) ** 2)(3.0)
    np.float32(-6.0)
    """

    def wrap(function):
        @functools.wraps(function)
        def call(*args):
            recording = _Recording(args)
            values = [x if isinstance(x, Var) else recording.tape.watch(x) for x in args]
            # Whatever it reads and computes with: the rule gives its derivatives.
            value = recording.value(recording.differentiated(None, function, *values))
            return recording.give(_gradtape.custom_gradient_of(values, value, rule))

        return call

    return wrap
