"""Types of the package, written by `stubs.py`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import data as data, loss as loss, nn as nn, optim as optim, random as random, soft as soft
from ._estimators import GradtapeClassifier as GradtapeClassifier, GradtapeRegressor as GradtapeRegressor, load_model as load_model
from ._gradtape import Generator as Generator, GradtapeError as GradtapeError, GradtapeIndexError as GradtapeIndexError, Parameter as Parameter, TableModel as TableModel, Tape as Tape, Var as Var

def abs(x: Any) -> Any:
    """The magnitude of each element."""
def absolute(x: Any) -> Any:
    """The magnitude of each element."""
def acos(x: Any) -> Any:
    """The angle whose cosine this is; NaN beyond -1 and 1."""
def acosh(x: Any) -> Any:
    """The inverse hyperbolic cosine; NaN below 1."""
def add(x: Any, other: Any) -> Any:
    """The sum; shapes broadcast."""
def all(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """Whether all elements are true over axes."""
def amax(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """The greatest element over axes."""
def amin(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """The least element over axes."""
def any(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """Whether an element is true over axes."""
def arccos(x: Any) -> Any:
    """The angle whose cosine this is; NaN beyond -1 and 1."""
def arccosh(x: Any) -> Any:
    """The inverse hyperbolic cosine; NaN below 1."""
def arcsin(x: Any) -> Any:
    """The angle whose sine this is; NaN beyond -1 and 1."""
def arcsinh(x: Any) -> Any:
    """The inverse hyperbolic sine."""
def arctan(x: Any) -> Any:
    """The angle whose tangent this is."""
def arctan2(x: Any, other: Any) -> Any:
    """The angle in radians, from -pi to pi, of the point at this height and `other` to the right."""
def arctanh(x: Any) -> Any:
    """The inverse hyperbolic tangent; NaN beyond -1 and 1."""
def argmax(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """The place of the greatest element, the first of several, along an axis or of all."""
def argmin(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """The place of the least element, the first of several, along an axis or of all."""
def argsort(x: Any, axis: Any = ..., descending: Any = False) -> Any:
    """The places of the elements along an axis in order, as int64."""
def asin(x: Any) -> Any:
    """The angle whose sine this is; NaN beyond -1 and 1."""
def asinh(x: Any) -> Any:
    """The inverse hyperbolic sine."""
def atan(x: Any) -> Any:
    """The angle whose tangent this is."""
def atan2(x: Any, other: Any) -> Any:
    """The angle in radians, from -pi to pi, of the point at this height and `other` to the right."""
def atanh(x: Any) -> Any:
    """The inverse hyperbolic tangent; NaN beyond -1 and 1."""
def broadcast_to(x: Any, *shape: Any) -> Any:
    """Repeated along axes of size 1 and along new leading axes."""
def ceil(x: Any) -> Any:
    """The least whole number that is not below; gradient 0."""
def celu(x: Any, alpha: Any = ...) -> Any:
    """x above 0, `alpha (e^(x / alpha) - 1)` elsewhere."""
def check_gradients(function: Any, *args: Any, tolerance: Any = 1e-06) -> Any:
    """Compares first and second derivatives of a function with differences, and raises where one is off by more.

    Arguments are taken as float64; gives the worst of each order and argument, as dicts.
    """
def cholesky(x: Any) -> Any:
    """The lower triangle L with `L L^T` for symmetric, positive definite matrices."""
def clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    """Each element no less than `min` and no more than `max`; `None` is no bound."""
def clip(x: Any, min: Any = None, max: Any = None) -> Any:
    """Each element no less than `min` and no more than `max`; `None` is no bound."""
def compile(function: Any = None, *, training: Any = True, most_traces: Any = 16) -> Any:
    """A function that is recorded at its first call and run from its plan at every later one, without Python.

    It may end in an optimiser's step. It is recorded again when an argument has another shape, element type or form;
    arguments that are no numbers, such as texts, are part of the form. What varies from call to call must be an argument or
    a parameter: a branch on a value cannot be compiled. `training=False` has layers behave as in inference.

    >>> import gradtape as gt, numpy as np
    >>> square = gt.compile(lambda x: x * x)
    >>> square(3.0), square(4.0), square.recordings
    (np.float32(9.0), np.float32(16.0), 1)
    """
def concat(values: Any, axis: Any = 0) -> Any:
    """Values one after another along an axis."""
def concatenate(values: Any, axis: Any = 0) -> Any:
    """Values one after another along an axis."""
def convolve(x: Any, weight: Any, stride: Any = None, padding: Any = None, dilation: Any = None, groups: Any = 1) -> Any:
    """Windows of x, `[n, inputs, size...]`, contracted with a weight, `[outputs, inputs / groups, kernel...]`."""
def cos(x: Any) -> Any:
    """The cosine of an angle in radians."""
def cosh(x: Any) -> Any:
    """The hyperbolic cosine."""
def count_nonzero(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """How many elements are not 0 over axes, as int64."""
def cummax(x: Any, axis: Any = 0) -> Any:
    """The greatest of each element and all before it along an axis, and its place: two values."""
def cummin(x: Any, axis: Any = 0) -> Any:
    """The least of each element and all before it along an axis, and its place: two values."""
def cumprod(x: Any, axis: Any = None) -> Any:
    """The product of each element and all before it along an axis; without one, of all in a row."""
def cumsum(x: Any, axis: Any = None) -> Any:
    """The sum of each element and all before it along an axis; without one, of all in a row."""
def custom_gradient(rule: Any) -> Any:
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
def depends_on(y: Any, x: Any) -> Any:
    """Whether a gradient can flow from y to x."""
def det(x: Any) -> Any:
    """The determinant."""
def detach(x: Any) -> Any:
    """The same numbers, through which no gradient passes."""
def diagonal(x: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
    """The elements at equal places of two axes, of the second `offset` further, along a new last axis."""
def digamma(x: Any) -> Any:
    """The derivative of `lgamma`."""
def divide(x: Any, other: Any) -> Any:
    """The quotient, of whole numbers as a float; shapes broadcast."""
def dot(x: Any, other: Any) -> Any:
    """As `numpy.dot`: of vectors a number, of matrices their product; the last axis of this with the last but one of the
    other.
    """
def eigh(x: Any) -> Any:
    """Eigenvalues, the least first, and eigenvectors as columns, of symmetric matrices: two values."""
def eigvalsh(x: Any) -> Any:
    """The eigenvalues of symmetric matrices, the least first."""
def einsum(subscripts: Any, *operands: Any) -> Any:
    """Sums of products in Einstein's notation, as in NumPy."""
def elu(x: Any, alpha: Any = ...) -> Any:
    """x above 0, `alpha (e^x - 1)` elsewhere."""
def equal(x: Any, other: Any) -> Any:
    """Whether both are equal, as bool."""
def erf(x: Any) -> Any:
    """The error function."""
def erf_inv(x: Any) -> Any:
    """The number whose error function this is; NaN beyond -1 and 1."""
def erfc(x: Any) -> Any:
    """1 less the error function, accurate where that is near 1."""
def erfinv(x: Any) -> Any:
    """The number whose error function this is; NaN beyond -1 and 1."""
def evaluate(values: Any) -> Any:
    """Computes several values of one tape together; gives their numbers."""
def exp(x: Any) -> Any:
    """`e^x` of each element."""
def exp2(x: Any) -> Any:
    """2 to the power of each element."""
def expand_dims(x: Any, axis: Any) -> Any:
    """With a new axis of size 1 at this place of the result."""
def expm1(x: Any) -> Any:
    """`e^x - 1`, accurate where x is small."""
def fix(x: Any) -> Any:
    """The integer part, towards 0; gradient 0."""
def flatten(x: Any, start: Any = 0) -> Any:
    """The axes from this one on as one axis; from 0 on a vector."""
def flip(x: Any, axis: Any = None) -> Any:
    """The elements along axes in the opposite order."""
def floor(x: Any) -> Any:
    """The greatest whole number that is not above; gradient 0."""
def floor_divide(x: Any, other: Any) -> Any:
    """The greatest whole number that is not above the quotient; of whole numbers a whole number. Gradient 0."""
def fold(x: Any, axis: Any, size: Any, stride: Any = 1, dilation: Any = 1) -> Any:
    """The opposite of `window`: windows added up where they overlap, along an axis of this size."""
def full_like(x: Any, value: Any) -> Any:
    """This number everywhere, of the shape and element type of this value."""
def gammaln(x: Any) -> Any:
    """The logarithm of the magnitude of the gamma function."""
def gelu(x: Any) -> Any:
    """`x Φ(x)` with the normal distribution."""
def gelu_tanh(x: Any) -> Any:
    """`gelu` with a tangent in the place of the error function."""
def glu(x: Any, axis: Any = ...) -> Any:
    """The first half along an axis times the sigmoid of the second."""
def grad(function: Any, argnums: Any = 0, has_aux: Any = False) -> Any:
    """A function that gives the gradient of a scalar by the arguments that `argnums` names, as trees like these.

    >>> import gradtape as gt
    >>> gt.grad(lambda x: x ** 3)(2.0)
    np.float32(12.0)
    """
def gradient(y: Any, xs: Any) -> Any:
    """The gradients of a scalar by values of its tape: a tree like `xs`."""
def greater(x: Any, other: Any) -> Any:
    """Whether x is greater, as bool."""
def greater_equal(x: Any, other: Any) -> Any:
    """Whether x is greater or equal, as bool."""
def hardsigmoid(x: Any) -> Any:
    """`x / 6 + 1/2` between 0 and 1."""
def hardswish(x: Any) -> Any:
    """`x hardsigmoid(x)`."""
def hessian(function: Any, argnums: Any = 0) -> Any:
    """A function that gives all second derivatives of a scalar by arguments.

    Of one array, an array `[its axes..., its axes...]`; of a tree, a tree of trees of them.
    Of values of a tape: `hessian(y, x)` gives a value.
    """
def hypot(x: Any, other: Any) -> Any:
    """`sqrt(x^2 + y^2)`, which overflows only with its result."""
def index_add(x: Any, indices: Any, axis: Any, size: Any) -> Any:
    """The slices along an axis added up at the places that `indices` names, of which there are `size`."""
def index_copy(x: Any, indices: Any, values: Any, axis: Any) -> Any:
    """With values in the place of the slices along an axis that `indices` names."""
def index_max(x: Any, indices: Any, axis: Any, size: Any) -> Any:
    """The greatest of the slices along an axis at each place that `indices` names, of which there are `size`."""
def index_min(x: Any, indices: Any, axis: Any, size: Any) -> Any:
    """The least of the slices along an axis at each place that `indices` names, of which there are `size`."""
def inv(x: Any) -> Any:
    """The inverse of square matrices."""
def inverse(x: Any) -> Any:
    """The inverse of square matrices."""
def is_finite(x: Any) -> Any:
    """Whether each element is neither NaN nor infinite, as bool."""
def is_inf(x: Any) -> Any:
    """Whether each element is infinite, as bool."""
def is_nan(x: Any) -> Any:
    """Whether each element is NaN, as bool."""
def isfinite(x: Any) -> Any:
    """Whether each element is neither NaN nor infinite, as bool."""
def isinf(x: Any) -> Any:
    """Whether each element is infinite, as bool."""
def isnan(x: Any) -> Any:
    """Whether each element is NaN, as bool."""
def isotonic_blocks(x: Any, other: Any) -> Any:
    """The blocks along the last axis on which the nearest numbers that do not increase are constant."""
def isotonic_blocks_entropic(x: Any, other: Any) -> Any:
    """As `isotonic_blocks`, for blocks of `log(sum(e^x))`."""
def jacobian(function: Any, argnums: Any = 0) -> Any:
    """A function that gives all derivatives of the elements of what a function gives by those of arguments.

    For each array of the result a tree of arrays `[result's axes..., argument's axes...]`, like the argument.
    Of values of a tape: `jacobian(y, x)` gives a value.
    """
def jvp(function: Any, primals: Any, tangents: Any) -> Any:
    """What a function gives, and how that moves when the arguments move along tangents: trees like them.

    Of values of a tape: `jvp(ys, xs, tangents)`, three lists, gives a list.
    """
def leaky_relu(x: Any, slope: Any = ...) -> Any:
    """x above 0, `slope x` elsewhere."""
def less(x: Any, other: Any) -> Any:
    """Whether x is less, as bool."""
def less_equal(x: Any, other: Any) -> Any:
    """Whether x is less or equal, as bool."""
def lgamma(x: Any) -> Any:
    """The logarithm of the magnitude of the gamma function."""
def load(path: Any) -> Any:
    """Reads a network from a model file, also one that the program `gradtape` wrote."""
def load_checkpoint(path: Any, network: Any, optimizer: Any) -> Any:
    """Goes on where a checkpoint was saved, to the same bits; gives its notes."""
def log(x: Any) -> Any:
    """The natural logarithm; -inf at 0, NaN below."""
def log10(x: Any) -> Any:
    """The logarithm to base 10; -inf at 0, NaN below."""
def log1p(x: Any) -> Any:
    """`log(1 + x)`, accurate where x is small."""
def log2(x: Any) -> Any:
    """The logarithm to base 2; -inf at 0, NaN below."""
def log_sigmoid(x: Any) -> Any:
    """The logarithm of the sigmoid."""
def log_softmax(x: Any, axis: Any = ...) -> Any:
    """The logarithm of the softmax along an axis."""
def logaddexp(x: Any, other: Any) -> Any:
    """`log(e^x + e^y)`, which does not overflow."""
def logcumsumexp(x: Any, axis: Any = None) -> Any:
    """`log(sum(e^x))` of each element and all before it along an axis; without one, of all in a row."""
def logdet(x: Any) -> Any:
    """The logarithm of the determinant; NaN where that is below 0."""
def logical_and(x: Any, other: Any) -> Any:
    """Whether both are true."""
def logical_not(x: Any) -> Any:
    """The opposite of each truth value."""
def logical_or(x: Any, other: Any) -> Any:
    """Whether one is true."""
def logical_xor(x: Any, other: Any) -> Any:
    """Whether one alone is true."""
def logsumexp(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """`log(sum(e^x))` over axes, which does not overflow."""
def lstsq(x: Any, other: Any) -> Any:
    """X with the least `|A X - B|`, for matrices A and `other` B."""
def lu(x: Any) -> Any:
    """The order of rows as int64, and the factors L and U of this with its rows in that order: three values."""
def matmul(x: Any, other: Any) -> Any:
    """The product of matrices in the last two axes; those before them broadcast."""
def matrix_power(x: Any, n: Any) -> Any:
    """Square matrices to a whole power."""
def max(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """The greatest element over axes."""
def maximum(x: Any, other: Any) -> Any:
    """The greater of two elements; NaN if one is."""
def mean(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """The mean over axes, of floats."""
def median(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """The element in the middle along an axis, or of all; of an even number the mean of two."""
def meshgrid(*vectors: Any, indexing: Any = 'xy') -> Any:
    """For vectors of coordinates, the coordinate along each at every point of their grid: `indexing="ij"` has an axis for each
    in their order; `"xy"`, as in NumPy, has that of the second before that of the first.
    """
def min(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """The least element over axes."""
def minimum(x: Any, other: Any) -> Any:
    """The less of two elements; NaN if one is."""
def mish(x: Any) -> Any:
    """`x tanh(softplus(x))`."""
def mod(x: Any, other: Any) -> Any:
    """What `floor_divide` leaves, `x - floor(x / y) y`, with the sign of y; of whole numbers a whole number."""
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """An axis at another place, the others in their order."""
def multiply(x: Any, other: Any) -> Any:
    """The product of elements; shapes broadcast."""
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    """As `numpy.linalg.norm`: without `ord` the root of the sum of squares. Along one axis the norm of vectors, of the order
    that is given; along two that of matrices. Without axes of all elements, which with an order are a vector or a matrix.
    """
def normalize(x: Any, axis: Any = None, eps: Any = 1e-05) -> Any:
    """Mean 0 and variance 1 over axes: the distance from the mean over `sqrt(variance + eps)`."""
def not_equal(x: Any, other: Any) -> Any:
    """Whether both differ, as bool."""
def nuclear_norm(x: Any) -> Any:
    """The sum of the singular values."""
def one_hot(x: Any, classes: Any, dtype: Any = None) -> Any:
    """Of each whole number a row with 1 at its place and 0 elsewhere, along a new last axis of `classes`."""
def outer(x: Any, other: Any) -> Any:
    """All products of an element of each, `[elements of this, elements of the other]`."""
def pad(x: Any, pad_width: Any) -> Any:
    """With zeros around: `(before, after)` for each axis, or for all alike; or a number for both."""
def permute_dims(x: Any, *axes: Any) -> Any:
    """The axes in another order; reversed if none is given."""
def pinv(x: Any) -> Any:
    """The pseudo-inverse."""
def polygamma(x: Any, order: Any) -> Any:
    """The derivative of this order, up to 30, of `digamma`."""
def pow(x: Any, other: Any) -> Any:
    """Each element to a power; shapes broadcast."""
def power(x: Any, other: Any) -> Any:
    """Each element to a power; shapes broadcast."""
def prod(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """The product over axes; of nothing it is 1."""
def put_along_axis(x: Any, indices: Any, values: Any, axis: Any) -> Any:
    """With values at the places along an axis that `indices` names; of several the last."""
def qr(x: Any) -> Any:
    """Q with orthogonal columns and the upper triangle R, whose product this is: two values."""
def quantile(x: Any, q: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """The number below which a share q of the elements along an axis, or of all, lies; between two it is interpolated."""
def ravel(x: Any) -> Any:
    """All elements as a vector."""
def reciprocal(x: Any) -> Any:
    """`1 / x`."""
def relu(x: Any) -> Any:
    """`max(x, 0)`."""
def remainder(x: Any, other: Any) -> Any:
    """What `floor_divide` leaves, `x - floor(x / y) y`, with the sign of y; of whole numbers a whole number."""
def repeat(x: Any, repeats: Any, axis: Any = None) -> Any:
    """Each element this often, one beside another, along an axis; without one, of all in a row."""
def reshape(x: Any, *shape: Any) -> Any:
    """The same elements under another shape, of which one size may be -1: what is left."""
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """The elements along an axis moved towards its end, and those beyond it to its beginning; without an axis, of all
    in a row.
    """
def round(x: Any) -> Any:
    """The nearest whole number, of two the even one; gradient 0."""
def rsqrt(x: Any) -> Any:
    """`1 / sqrt(x)`."""
def save(network: Any, path: Any, labels: Any = None, notes: Any = None) -> Any:
    """Writes a network to a file.

    Of layers of the library it is a model file, which `load` and the program `gradtape` read: numbers, architecture, and
    the names of classes. Of a `Module` of one's own it holds numbers alone, which `module.load(path)` reads.
    """
def save_checkpoint(path: Any, network: Any, optimizer: Any, notes: Any = None) -> Any:
    """Writes what a training has come to: parameters, buffers, how often dropouts drew, the optimiser's state."""
def scatter_add(x: Any, indices: Any, axis: Any, shape: Any) -> Any:
    """The elements added up at the places along an axis that `indices` names, in zeros of a shape."""
def scatter_max(x: Any, indices: Any, axis: Any, shape: Any) -> Any:
    """The greatest of the elements at each place along an axis that `indices` names, in a shape."""
def scatter_min(x: Any, indices: Any, axis: Any, shape: Any) -> Any:
    """The least of the elements at each place along an axis that `indices` names, in a shape."""
def searchsorted(x: Any, v: Any, side: Any = 'left') -> Any:
    """For each value the place at which it can be put into these sorted elements: before equal ones (`"left"`) or behind."""
def seed(seed: Any) -> Any:
    """Begins anew the numbers that layers without a seed of their own start with."""
def select(x: Any, yes: Any, no: Any) -> Any:
    """`yes` where this is true, `no` elsewhere; shapes broadcast. This is of bool."""
def selu(x: Any) -> Any:
    """A scaled `elu` that keeps mean and variance."""
def sigmoid(x: Any) -> Any:
    """`1 / (1 + e^-x)`."""
def sign(x: Any) -> Any:
    """-1, 0 or 1; gradient 0."""
def silu(x: Any) -> Any:
    """`x sigmoid(x)`, also named swish."""
def sin(x: Any) -> Any:
    """The sine of an angle in radians."""
def sinh(x: Any) -> Any:
    """The hyperbolic sine."""
def slogdet(x: Any) -> Any:
    """The sign of the determinant and the logarithm of its magnitude: two values."""
def softmax(x: Any, axis: Any = ...) -> Any:
    """`e^x / sum(e^x)` along an axis: positive numbers that add up to 1."""
def softplus(x: Any) -> Any:
    """`log(1 + e^x)`, which does not overflow."""
def softsign(x: Any) -> Any:
    """`x / (1 + |x|)`."""
def solve(x: Any, other: Any) -> Any:
    """X with `A X = B`, for square matrices A and `other` B, which may be a vector."""
def sort(x: Any, axis: Any = ..., descending: Any = False) -> Any:
    """The elements along an axis in order; NaN at the end."""
def spectral_norm(x: Any) -> Any:
    """The greatest singular value."""
def split(x: Any, indices_or_sections: Any, axis: Any = 0) -> Any:
    """Parts along an axis, as `numpy.split`: this many of equal size, or those before, between and behind these places."""
def sqrt(x: Any) -> Any:
    """The square root; NaN below 0."""
def square(x: Any) -> Any:
    """The square."""
def squeeze(x: Any, axis: Any = None) -> Any:
    """Without axes of size 1: those that are named, or all."""
def stack(values: Any, axis: Any = 0) -> Any:
    """Values of one shape along a new axis of the result."""
def std(x: Any, axis: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    """The standard deviation over axes, with `n - ddof` in the place of n; gradient 0 where it is 0."""
def stop_gradient(x: Any) -> Any:
    """The same numbers, through which no gradient passes."""
def subtract(x: Any, other: Any) -> Any:
    """The difference; shapes broadcast."""
def sum(x: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """The sum over axes; all of them if none is named."""
def svd(x: Any) -> Any:
    """U, singular values and V^T, whose product this is: three values."""
def svdvals(x: Any) -> Any:
    """The singular values, the greatest first."""
def swapaxes(x: Any, axis1: Any, axis2: Any) -> Any:
    """Two axes exchanged."""
def take(x: Any, indices: Any, axis: Any = None) -> Any:
    """The slices at the places of an axis that an array of int64 names; without an axis, of all in a row."""
def take_along_axis(x: Any, indices: Any, axis: Any = ...) -> Any:
    """Of each place of `indices` the element that it names along an axis."""
def tan(x: Any) -> Any:
    """The tangent of an angle in radians."""
def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
def tensordot(x: Any, other: Any, axes: Any = 2) -> Any:
    """Sums of products over the last `axes` axes of this and the first of the other."""
def tile(x: Any, *reps: Any) -> Any:
    """All of it this often along each axis."""
def top_k(x: Any, k: Any, axis: Any = ...) -> Any:
    """The k greatest elements along an axis, the greatest first, and their places: two values."""
def trace(x: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
    """The sum of the diagonal along two axes: see `diagonal`."""
def transpose(x: Any, *axes: Any) -> Any:
    """The axes in another order; reversed if none is given."""
def tree_leaves(tree: Any) -> list[Any]:
    """The leaves of a tree in order."""
def tree_map(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """A tree whose leaves are what the function makes of those of one or several trees of the same form."""
def triangular_solve(x: Any, other: Any, upper: Any = False) -> Any:
    """X with `A X = B` for the lower triangle of A, or the upper one; `other` B may be a vector."""
def tril(x: Any, k: Any = 0) -> Any:
    """The lower triangle of the matrices in the last two axes, up to diagonal k; zeros elsewhere."""
def triu(x: Any, k: Any = 0) -> Any:
    """The upper triangle of the matrices in the last two axes, from diagonal k on; zeros elsewhere."""
def true_divide(x: Any, other: Any) -> Any:
    """The quotient, of whole numbers as a float; shapes broadcast."""
def trunc(x: Any) -> Any:
    """The integer part, towards 0; gradient 0."""
def unsqueeze(x: Any, axis: Any) -> Any:
    """With a new axis of size 1 at this place of the result."""
def value_and_grad(function: Any, argnums: Any = 0, has_aux: Any = False) -> Any:
    """A function that gives a scalar and its gradient by the arguments that `argnums` names, as trees like these.

    With `has_aux` the function gives a pair, of which the first is differentiated: `((y, aux), gradient)`.
    """
def var(x: Any, axis: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    """The variance over axes, with `n - ddof` in the place of n."""
def vjp(function: Any, *primals: Any, has_aux: Any = False) -> Any:
    """What a function gives, and a function from cotangents, a tree like that, to those of all arguments: a tuple.

    Of values of a tape: `vjp(ys, cotangents, xs)`, three lists, gives a list.
    """
def vmap(function: Any, in_axes: Any = 0, out_axes: Any = 0) -> Any:
    """A function of one example, applied to each of a batch: examples lie along these axes of arguments and results.

    `in_axes` is a number, `None` for what all examples share, or a tuple of one for each argument, each of which may be a
    tree. The function is called once.
    """
def where(condition: Any, x: Any, y: Any) -> Any:
    """x where a condition is true, y elsewhere; shapes broadcast."""
def window(x: Any, axis: Any, size: Any, stride: Any = 1, dilation: Any = 1) -> Any:
    """All windows of a size along an axis: their places take that axis, and a new last axis what is in them."""
def with_index(x: Any, axis: Any, place: Any, values: Any) -> Any:
    """With values in the place of the part at a place of an axis."""
def with_slice(x: Any, axis: Any, start: Any, stop: Any, values: Any) -> Any:
    """With values in the place of those from `start` to before `stop` of an axis."""
def xlogy(x: Any, other: Any) -> Any:
    """`x log y`, which is 0 where x is 0."""
