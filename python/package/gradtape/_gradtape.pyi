"""Types of what the library gives, written by `stubs.py`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

class GradtapeError(ValueError):
    """What the library could not do, why, and a way out."""

class GradtapeIndexError(GradtapeError, IndexError):
    """A place that there is not, or a mask that does not fit."""

class Tape:
    """Records operations while the program runs, so that they can be differentiated and run together.

    Nothing is computed when an operation is written; reading a number (`float(v)`, `v.numpy()`) runs what it needs.
    `training=False` has layers behave as in inference: no dropout, running statistics.

    As a context manager it gives its memory back at the end of the block.
    """
    def __init__(self, training: bool = True) -> None: ...
    def __bool__(self) -> bool: ...
    def __enter__(self) -> Tape: ...
    def __exit__(self, *_error: Any) -> bool: ...
    def __len__(self) -> int: ...
    def constant(self, value: ArrayLike, dtype: Any = None) -> Var:
        """Records numbers whose gradient will not be asked for: data. Floats of Python are float32, whole numbers
        int64; arrays keep their type.
        """
    @property
    def mode(self) -> str:
        """How values are computed: `"fused"`, `"eager"` (each at once) or `"checked"` (the first NaN is an error that names
        its operation and line).
        """
    @property
    def nbytes(self) -> int:
        """Bytes of the recording and of every value that it keeps alive."""
    def parameter(self, parameter: Parameter) -> Var:
        """Records a parameter; the same one twice is one value."""
    def reset(self) -> None:
        """Forgets everything recorded and keeps the memory for the next step. Values recorded before cannot be used
        any more.
        """
    def set_mode(self, mode: str) -> None:
        """Sets how values are computed from here on: see `mode`."""
    @property
    def training(self) -> bool:
        """Whether layers behave as in training."""
    def watch(self, value: ArrayLike, dtype: Any = None) -> Var:
        """Records numbers whose gradient may be asked for. Floats of Python are float32, whole numbers int64; arrays keep their type."""

class Var:
    """A value on a tape, computed when it is read: with `float(v)`, `v.item()`, `v.numpy()`, `print(v)` or an `if`.

    Operators and methods record operations on the same tape, beside other values, numbers and arrays of NumPy.
    """
    @property
    def T(self) -> Var:
        """With the axes in the opposite order."""
    def __abs__(self) -> Var: ...
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]: ...
    def __bool__(self) -> bool: ...
    def __dlpack__(self, **options: Any) -> Any: ...
    def __dlpack_device__(self) -> tuple[int, int]: ...
    def __float__(self) -> float: ...
    def __format__(self, spec: str) -> str: ...
    def __hash__(self) -> int: ...
    def __index__(self) -> int: ...
    def __int__(self) -> int: ...
    def __invert__(self) -> Var: ...
    def __iter__(self) -> Iterator[Var]: ...
    def __len__(self) -> int: ...
    def __neg__(self) -> Var: ...
    def __pos__(self) -> Var: ...
    def __round__(self, digits: int | None = None) -> Var: ...
    def abs(self) -> Var:
        """The magnitude of each element."""
    absolute = abs
    def acos(self) -> Var:
        """The angle whose cosine this is; NaN beyond -1 and 1."""
    def acosh(self) -> Var:
        """The inverse hyperbolic cosine; NaN below 1."""
    def add(self, other: Var | ArrayLike) -> Var:
        """The sum; shapes broadcast."""
    def all(self, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Var:
        """Whether all elements are true over axes."""
    amax = max
    amin = min
    def any(self, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Var:
        """Whether an element is true over axes."""
    arccos = acos
    arccosh = acosh
    arcsin = asin
    arcsinh = asinh
    arctan = atan
    arctan2 = atan2
    arctanh = atanh
    def argmax(self, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Var:
        """The place of the greatest element, the first of several, along an axis or of all."""
    def argmin(self, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Var:
        """The place of the least element, the first of several, along an axis or of all."""
    def argsort(self, axis: int = ..., descending: bool = False) -> Var:
        """The places of the elements along an axis in order, as int64."""
    def asin(self) -> Var:
        """The angle whose sine this is; NaN beyond -1 and 1."""
    def asinh(self) -> Var:
        """The inverse hyperbolic sine."""
    def astype(self, dtype: Any) -> Var:
        """With another element type: rounded, or truncated towards 0 for int64; `!= 0` for bool."""
    def atan(self) -> Var:
        """The angle whose tangent this is."""
    def atan2(self, other: Var | ArrayLike) -> Var:
        """The angle in radians, from -pi to pi, of the point at this height and `other` to the right."""
    def atanh(self) -> Var:
        """The inverse hyperbolic tangent; NaN beyond -1 and 1."""
    def broadcast_to(self, *shape: Any) -> Var:
        """Repeated along axes of size 1 and along new leading axes."""
    def ceil(self) -> Var:
        """The least whole number that is not below; gradient 0."""
    def celu(self, alpha: float = ...) -> Var:
        """x above 0, `alpha (e^(x / alpha) - 1)` elsewhere."""
    def cholesky(self) -> Var:
        """The lower triangle L with `L L^T` for symmetric, positive definite matrices."""
    clamp = clip
    def clip(self, min: float | None = None, max: float | None = None) -> Var:
        """Each element no less than `min` and no more than `max`; `None` is no bound."""
    def copy(self) -> Var:
        """A value of its own with the same numbers: what is differentiated by it is not differentiated by this."""
    def cos(self) -> Var:
        """The cosine of an angle in radians."""
    def cosh(self) -> Var:
        """The hyperbolic cosine."""
    def count_nonzero(self, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Var:
        """How many elements are not 0 over axes, as int64."""
    def cummax(self, axis: int = 0) -> tuple[Var, Var]:
        """The greatest of each element and all before it along an axis, and its place: two values."""
    def cummin(self, axis: int = 0) -> tuple[Var, Var]:
        """The least of each element and all before it along an axis, and its place: two values."""
    def cumprod(self, axis: int | Sequence[int] | None = None) -> Var:
        """The product of each element and all before it along an axis; without one, of all in a row."""
    def cumsum(self, axis: int | Sequence[int] | None = None) -> Var:
        """The sum of each element and all before it along an axis; without one, of all in a row."""
    def det(self) -> Var:
        """The determinant."""
    detach = stop_gradient
    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Var:
        """The elements at equal places of two axes, of the second `offset` further, along a new last axis."""
    def digamma(self) -> Var:
        """The derivative of `lgamma`."""
    def divide(self, other: Var | ArrayLike) -> Var:
        """The quotient, of whole numbers as a float; shapes broadcast."""
    def dot(self, other: Var | ArrayLike) -> Var:
        """As `numpy.dot`: of vectors a number, of matrices their product; the last axis of this with the last but one of the
        other.
        """
    @property
    def dtype(self) -> Any:
        """The element type, as NumPy's; a name for bfloat16, which NumPy lacks."""
    def eigh(self) -> tuple[Var, Var]:
        """Eigenvalues, the least first, and eigenvectors as columns, of symmetric matrices: two values."""
    def eigvalsh(self) -> Var:
        """The eigenvalues of symmetric matrices, the least first."""
    def elu(self, alpha: float = ...) -> Var:
        """x above 0, `alpha (e^x - 1)` elsewhere."""
    def equal(self, other: Var | ArrayLike) -> Var:
        """Whether both are equal, as bool."""
    def erf(self) -> Var:
        """The error function."""
    def erf_inv(self) -> Var:
        """The number whose error function this is; NaN beyond -1 and 1."""
    def erfc(self) -> Var:
        """1 less the error function, accurate where that is near 1."""
    erfinv = erf_inv
    def exp(self) -> Var:
        """`e^x` of each element."""
    def exp2(self) -> Var:
        """2 to the power of each element."""
    def expand_dims(self, axis: int) -> Var:
        """With a new axis of size 1 at this place of the result."""
    def expm1(self) -> Var:
        """`e^x - 1`, accurate where x is small."""
    fix = trunc
    def flatten(self, start: int = 0) -> Var:
        """The axes from this one on as one axis; from 0 on a vector."""
    def flip(self, axis: int | Sequence[int] | None = None) -> Var:
        """The elements along axes in the opposite order."""
    def floor(self) -> Var:
        """The greatest whole number that is not above; gradient 0."""
    def floor_divide(self, other: Var | ArrayLike) -> Var:
        """The greatest whole number that is not above the quotient; of whole numbers a whole number. Gradient 0."""
    def fold(self, axis: int, size: int, stride: int = 1, dilation: int = 1) -> Var:
        """The opposite of `window`: windows added up where they overlap, along an axis of this size."""
    def full_like(self, value: float) -> Var:
        """This number everywhere, of the shape and element type of this value."""
    gammaln = lgamma
    def gelu(self) -> Var:
        """`x Φ(x)` with the normal distribution."""
    def gelu_tanh(self) -> Var:
        """`gelu` with a tangent in the place of the error function."""
    def glu(self, axis: int = ...) -> Var:
        """The first half along an axis times the sigmoid of the second."""
    def greater(self, other: Var | ArrayLike) -> Var:
        """Whether x is greater, as bool."""
    def greater_equal(self, other: Var | ArrayLike) -> Var:
        """Whether x is greater or equal, as bool."""
    def hardsigmoid(self) -> Var:
        """`x / 6 + 1/2` between 0 and 1."""
    def hardswish(self) -> Var:
        """`x hardsigmoid(x)`."""
    def hypot(self, other: Var | ArrayLike) -> Var:
        """`sqrt(x^2 + y^2)`, which overflows only with its result."""
    def index_add(self, indices: Var | ArrayLike, axis: int, size: int) -> Var:
        """The slices along an axis added up at the places that `indices` names, of which there are `size`."""
    def index_copy(self, indices: Var | ArrayLike, values: Var | ArrayLike, axis: int) -> Var:
        """With values in the place of the slices along an axis that `indices` names."""
    def index_max(self, indices: Var | ArrayLike, axis: int, size: int) -> Var:
        """The greatest of the slices along an axis at each place that `indices` names, of which there are `size`."""
    def index_min(self, indices: Var | ArrayLike, axis: int, size: int) -> Var:
        """The least of the slices along an axis at each place that `indices` names, of which there are `size`."""
    inv = inverse
    def inverse(self) -> Var:
        """The inverse of square matrices."""
    def is_finite(self) -> Var:
        """Whether each element is neither NaN nor infinite, as bool."""
    def is_inf(self) -> Var:
        """Whether each element is infinite, as bool."""
    def is_nan(self) -> Var:
        """Whether each element is NaN, as bool."""
    isfinite = is_finite
    isinf = is_inf
    isnan = is_nan
    def isotonic_blocks(self, other: Var | ArrayLike) -> Var:
        """The blocks along the last axis on which the nearest numbers that do not increase are constant."""
    def isotonic_blocks_entropic(self, other: Var | ArrayLike) -> Var:
        """As `isotonic_blocks`, for blocks of `log(sum(e^x))`."""
    def item(self) -> Any:
        """The only element as a number of Python."""
    def keep(self) -> Var:
        """Has the next step of an optimiser compute this value too, so that it can be read afterwards."""
    def leaky_relu(self, slope: float = ...) -> Var:
        """x above 0, `slope x` elsewhere."""
    def less(self, other: Var | ArrayLike) -> Var:
        """Whether x is less, as bool."""
    def less_equal(self, other: Var | ArrayLike) -> Var:
        """Whether x is less or equal, as bool."""
    def lgamma(self) -> Var:
        """The logarithm of the magnitude of the gamma function."""
    def lift(self, other: Var | ArrayLike) -> Var:
        """What may stand beside this value, as a value of its tape: a number takes its element type."""
    def log(self) -> Var:
        """The natural logarithm; -inf at 0, NaN below."""
    def log10(self) -> Var:
        """The logarithm to base 10; -inf at 0, NaN below."""
    def log1p(self) -> Var:
        """`log(1 + x)`, accurate where x is small."""
    def log2(self) -> Var:
        """The logarithm to base 2; -inf at 0, NaN below."""
    def log_sigmoid(self) -> Var:
        """The logarithm of the sigmoid."""
    def log_softmax(self, axis: int = ...) -> Var:
        """The logarithm of the softmax along an axis."""
    def logaddexp(self, other: Var | ArrayLike) -> Var:
        """`log(e^x + e^y)`, which does not overflow."""
    def logcumsumexp(self, axis: int | Sequence[int] | None = None) -> Var:
        """`log(sum(e^x))` of each element and all before it along an axis; without one, of all in a row."""
    def logdet(self) -> Var:
        """The logarithm of the determinant; NaN where that is below 0."""
    def logical_and(self, other: Var | ArrayLike) -> Var:
        """Whether both are true."""
    def logical_not(self) -> Var:
        """The opposite of each truth value."""
    def logical_or(self, other: Var | ArrayLike) -> Var:
        """Whether one is true."""
    def logical_xor(self, other: Var | ArrayLike) -> Var:
        """Whether one alone is true."""
    def logsumexp(self, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Var:
        """`log(sum(e^x))` over axes, which does not overflow."""
    def lstsq(self, other: Var | ArrayLike) -> Var:
        """X with the least `|A X - B|`, for matrices A and `other` B."""
    def lu(self) -> tuple[Var, Var, Var]:
        """The order of rows as int64, and the factors L and U of this with its rows in that order: three values."""
    @property
    def mT(self) -> Var:
        """With the last two axes exchanged."""
    def matmul(self, other: Var | ArrayLike) -> Var:
        """The product of matrices in the last two axes; those before them broadcast."""
    def matrix_power(self, n: int) -> Var:
        """Square matrices to a whole power."""
    def max(self, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Var:
        """The greatest element over axes."""
    def maximum(self, other: Var | ArrayLike) -> Var:
        """The greater of two elements; NaN if one is."""
    def mean(self, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Var:
        """The mean over axes, of floats."""
    def median(self, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Var:
        """The element in the middle along an axis, or of all; of an even number the mean of two."""
    def min(self, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Var:
        """The least element over axes."""
    def minimum(self, other: Var | ArrayLike) -> Var:
        """The less of two elements; NaN if one is."""
    def mish(self) -> Var:
        """`x tanh(softplus(x))`."""
    mod = remainder
    def moveaxis(self, source: int, destination: int) -> Var:
        """An axis at another place, the others in their order."""
    def multiply(self, other: Var | ArrayLike) -> Var:
        """The product of elements; shapes broadcast."""
    @property
    def ndim(self) -> int:
        """The number of axes."""
    def norm(self, ord: int | float | str | None = None, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Var:
        """As `numpy.linalg.norm`: without `ord` the root of the sum of squares. Along one axis the norm of vectors, of the order
        that is given; along two that of matrices. Without axes of all elements, which with an order are a vector or a matrix.
        """
    def normalize(self, axis: int | Sequence[int] | None = None, eps: float = 1e-05) -> Var:
        """Mean 0 and variance 1 over axes: the distance from the mean over `sqrt(variance + eps)`."""
    def not_equal(self, other: Var | ArrayLike) -> Var:
        """Whether both differ, as bool."""
    def nuclear_norm(self) -> Var:
        """The sum of the singular values."""
    def numpy(self) -> NDArray[Any]:
        """The value, computed if it was not yet, as a new array of NumPy; bfloat16 as float32."""
    def one_hot(self, classes: int, dtype: Any = None) -> Var:
        """Of each whole number a row with 1 at its place and 0 elsewhere, along a new last axis of `classes`."""
    def outer(self, other: Var | ArrayLike) -> Var:
        """All products of an element of each, `[elements of this, elements of the other]`."""
    def pad(self, pad_width: Any) -> Var:
        """With zeros around: `(before, after)` for each axis, or for all alike; or a number for both."""
    permute_dims = transpose
    def pinv(self) -> Var:
        """The pseudo-inverse."""
    def polygamma(self, order: int) -> Var:
        """The derivative of this order, up to 30, of `digamma`."""
    def pow(self, other: Var | ArrayLike) -> Var:
        """Each element to a power; shapes broadcast."""
    power = pow
    def prod(self, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Var:
        """The product over axes; of nothing it is 1."""
    def put_along_axis(self, indices: Var | ArrayLike, values: Var | ArrayLike, axis: int) -> Var:
        """With values at the places along an axis that `indices` names; of several the last."""
    def qr(self) -> tuple[Var, Var]:
        """Q with orthogonal columns and the upper triangle R, whose product this is: two values."""
    def quantile(self, q: float, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Var:
        """The number below which a share q of the elements along an axis, or of all, lies; between two it is interpolated."""
    def ravel(self) -> Var:
        """All elements as a vector."""
    def reciprocal(self) -> Var:
        """`1 / x`."""
    def relu(self) -> Var:
        """`max(x, 0)`."""
    def remainder(self, other: Var | ArrayLike) -> Var:
        """What `floor_divide` leaves, `x - floor(x / y) y`, with the sign of y; of whole numbers a whole number."""
    def repeat(self, repeats: int, axis: int | Sequence[int] | None = None) -> Var:
        """Each element this often, one beside another, along an axis; without one, of all in a row."""
    def reshape(self, *shape: Any) -> Var:
        """The same elements under another shape, of which one size may be -1: what is left."""
    def roll(self, shift: int, axis: int | Sequence[int] | None = None) -> Var:
        """The elements along an axis moved towards its end, and those beyond it to its beginning; without an axis, of all
        in a row.
        """
    def round(self) -> Var:
        """The nearest whole number, of two the even one; gradient 0."""
    def rsqrt(self) -> Var:
        """`1 / sqrt(x)`."""
    def scatter_add(self, indices: Var | ArrayLike, axis: int, shape: Any) -> Var:
        """The elements added up at the places along an axis that `indices` names, in zeros of a shape."""
    def scatter_max(self, indices: Var | ArrayLike, axis: int, shape: Any) -> Var:
        """The greatest of the elements at each place along an axis that `indices` names, in a shape."""
    def scatter_min(self, indices: Var | ArrayLike, axis: int, shape: Any) -> Var:
        """The least of the elements at each place along an axis that `indices` names, in a shape."""
    def searchsorted(self, v: Var | ArrayLike, side: str = 'left') -> Var:
        """For each value the place at which it can be put into these sorted elements: before equal ones (`"left"`) or behind."""
    def select(self, yes: Var | ArrayLike, no: Var | ArrayLike) -> Var:
        """`yes` where this is true, `no` elsewhere; shapes broadcast. This is of bool."""
    def selu(self) -> Var:
        """A scaled `elu` that keeps mean and variance."""
    @property
    def shape(self) -> tuple[int, ...]:
        """The number of elements along each axis."""
    def sigmoid(self) -> Var:
        """`1 / (1 + e^-x)`."""
    def sign(self) -> Var:
        """-1, 0 or 1; gradient 0."""
    def silu(self) -> Var:
        """`x sigmoid(x)`, also named swish."""
    def sin(self) -> Var:
        """The sine of an angle in radians."""
    def sinh(self) -> Var:
        """The hyperbolic sine."""
    @property
    def size(self) -> int:
        """The number of elements."""
    def slogdet(self) -> tuple[Var, Var]:
        """The sign of the determinant and the logarithm of its magnitude: two values."""
    def softmax(self, axis: int = ...) -> Var:
        """`e^x / sum(e^x)` along an axis: positive numbers that add up to 1."""
    def softplus(self) -> Var:
        """`log(1 + e^x)`, which does not overflow."""
    def softsign(self) -> Var:
        """`x / (1 + |x|)`."""
    def solve(self, other: Var | ArrayLike) -> Var:
        """X with `A X = B`, for square matrices A and `other` B, which may be a vector."""
    def sort(self, axis: int = ..., descending: bool = False) -> Var:
        """The elements along an axis in order; NaN at the end."""
    def spectral_norm(self) -> Var:
        """The greatest singular value."""
    def split(self, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Var]:
        """Parts along an axis, as `numpy.split`: this many of equal size, or those before, between and behind these places."""
    def sqrt(self) -> Var:
        """The square root; NaN below 0."""
    def square(self) -> Var:
        """The square."""
    def squeeze(self, axis: int | Sequence[int] | None = None) -> Var:
        """Without axes of size 1: those that are named, or all."""
    def std(self, axis: int | Sequence[int] | None = None, ddof: int = 0, keepdims: bool = False) -> Var:
        """The standard deviation over axes, with `n - ddof` in the place of n; gradient 0 where it is 0."""
    def stop_gradient(self) -> Var:
        """The same numbers, through which no gradient passes."""
    def subtract(self, other: Var | ArrayLike) -> Var:
        """The difference; shapes broadcast."""
    def sum(self, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Var:
        """The sum over axes; all of them if none is named."""
    def svd(self) -> tuple[Var, Var, Var]:
        """U, singular values and V^T, whose product this is: three values."""
    def svdvals(self) -> Var:
        """The singular values, the greatest first."""
    def swapaxes(self, axis1: int, axis2: int) -> Var:
        """Two axes exchanged."""
    def take(self, indices: Var | ArrayLike, axis: int | Sequence[int] | None = None) -> Var:
        """The slices at the places of an axis that an array of int64 names; without an axis, of all in a row."""
    def take_along_axis(self, indices: Var | ArrayLike, axis: int = ...) -> Var:
        """Of each place of `indices` the element that it names along an axis."""
    def tan(self) -> Var:
        """The tangent of an angle in radians."""
    def tanh(self) -> Var:
        """The hyperbolic tangent."""
    @property
    def tape(self) -> Tape:
        """The tape that it is recorded on."""
    def tensordot(self, other: Var | ArrayLike, axes: int | Sequence[int] = 2) -> Var:
        """Sums of products over the last `axes` axes of this and the first of the other."""
    def tile(self, *reps: Any) -> Var:
        """All of it this often along each axis."""
    def tolist(self) -> Any:
        """The value as nested lists of numbers of Python."""
    def top_k(self, k: int, axis: int = ...) -> tuple[Var, Var]:
        """The k greatest elements along an axis, the greatest first, and their places: two values."""
    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Var:
        """The sum of the diagonal along two axes: see `diagonal`."""
    def transpose(self, *axes: int | Sequence[int]) -> Var:
        """The axes in another order; reversed if none is given."""
    def triangular_solve(self, other: Var | ArrayLike, upper: bool = False) -> Var:
        """X with `A X = B` for the lower triangle of A, or the upper one; `other` B may be a vector."""
    def tril(self, k: int = 0) -> Var:
        """The lower triangle of the matrices in the last two axes, up to diagonal k; zeros elsewhere."""
    def triu(self, k: int = 0) -> Var:
        """The upper triangle of the matrices in the last two axes, from diagonal k on; zeros elsewhere."""
    true_divide = divide
    def trunc(self) -> Var:
        """The integer part, towards 0; gradient 0."""
    unsqueeze = expand_dims
    def var(self, axis: int | Sequence[int] | None = None, ddof: int = 0, keepdims: bool = False) -> Var:
        """The variance over axes, with `n - ddof` in the place of n."""
    def window(self, axis: int, size: int, stride: int = 1, dilation: int = 1) -> Var:
        """All windows of a size along an axis: their places take that axis, and a new last axis what is in them."""
    def with_index(self, axis: int, place: int, values: Var | ArrayLike) -> Var:
        """With values in the place of the part at a place of an axis."""
    def with_slice(self, axis: int, start: int, stop: int, values: Var | ArrayLike) -> Var:
        """With values in the place of those from `start` to before `stop` of an axis."""
    def xlogy(self, other: Var | ArrayLike) -> Var:
        """`x log y`, which is 0 where x is 0."""
    def __add__(self, other: Any) -> Var: ...
    def __radd__(self, other: Any) -> Var: ...
    def __sub__(self, other: Any) -> Var: ...
    def __rsub__(self, other: Any) -> Var: ...
    def __mul__(self, other: Any) -> Var: ...
    def __rmul__(self, other: Any) -> Var: ...
    def __truediv__(self, other: Any) -> Var: ...
    def __rtruediv__(self, other: Any) -> Var: ...
    def __floordiv__(self, other: Any) -> Var: ...
    def __rfloordiv__(self, other: Any) -> Var: ...
    def __mod__(self, other: Any) -> Var: ...
    def __rmod__(self, other: Any) -> Var: ...
    def __pow__(self, other: Any) -> Var: ...
    def __rpow__(self, other: Any) -> Var: ...
    def __matmul__(self, other: Any) -> Var: ...
    def __rmatmul__(self, other: Any) -> Var: ...
    def __and__(self, other: Any) -> Var: ...
    def __rand__(self, other: Any) -> Var: ...
    def __or__(self, other: Any) -> Var: ...
    def __ror__(self, other: Any) -> Var: ...
    def __xor__(self, other: Any) -> Var: ...
    def __rxor__(self, other: Any) -> Var: ...
    def __eq__(self, other: Any) -> Var: ...  # type: ignore[override]
    def __ne__(self, other: Any) -> Var: ...  # type: ignore[override]
    def __lt__(self, other: Any) -> Var: ...  # type: ignore[override]
    def __le__(self, other: Any) -> Var: ...  # type: ignore[override]
    def __gt__(self, other: Any) -> Var: ...  # type: ignore[override]
    def __ge__(self, other: Any) -> Var: ...  # type: ignore[override]
    def __getitem__(self, key: Any) -> Var: ...

class Parameter:
    """Numbers that an optimiser changes. A copy of `value`; floats of Python are float32.

    On a tape it stands for itself: `x @ weight`, or `tape.parameter(weight)`.
    """
    def __init__(self, value: ArrayLike, dtype: Any = None) -> None: ...
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]: ...
    def __hash__(self) -> int: ...
    @property
    def dtype(self) -> Any:
        """The element type."""
    def numpy(self) -> NDArray[Any]:
        """The numbers now, as a new array."""
    def set(self, value: ArrayLike) -> None:
        """Takes other numbers, of the same shape and element type."""
    @property
    def shape(self) -> tuple[int, ...]:
        """The number of elements along each axis."""

class Generator:
    """Draws random numbers that depend on its seed and on how often it was drawn from."""
    def __init__(self, seed: int) -> None: ...
    @property
    def draws(self) -> int:
        """How often it was drawn from."""
    def set_draws(self, draws: int) -> None:
        """Goes on as if it had been drawn from this often."""

class Layer:
    """A layer or a network: `layer(x)` records what it computes of a value, and computes it of an array, as in inference."""
    def __init__(self, spec: str, parts: Any = None, seed: int | None = None) -> None: ...
    def __call__(self, x: Any) -> Any: ...
    def __len__(self) -> int: ...
    def clone(self) -> Layer:
        """One of its own, with the same numbers."""
    @property
    def kind(self) -> str:
        """What it is, in a word or two."""
    @property
    def labels(self) -> list[str]:
        """The names of classes in the file that it was read from."""
    def load_from(self, other: Var | ArrayLike) -> None:
        """Takes the numbers of the parameters and buffers of another of the same layers."""
    def named_buffers(self) -> dict[str, NDArray[Any]]:
        """What is kept beside the parameters, such as running statistics: arrays by name."""
    def named_parameters(self) -> dict[str, Parameter]:
        """The parameters by name, in order."""
    @property
    def notes(self) -> dict[str, str]:
        """What the file that it was read from notes, by name."""
    @property
    def parameter_count(self) -> int:
        """The number of numbers in all parameters."""
    def parameters(self) -> list[Parameter]:
        """The parameters in order."""
    @property
    def preprocessing(self) -> str | None:
        """What is done to data before the network sees it, as JSON, if the file that it was read from says so."""
    @property
    def spec(self) -> str | None:
        """What it takes to build the layer anew, as JSON; `None` if only a program can."""
    def summary(self, x: ArrayLike | None = None) -> str:
        """A table of the layers with their shapes and numbers of parameters; for an input like `x` also with the shapes of what
        they give.
        """
    def __getitem__(self, place: int) -> Layer: ...

class Optimizer:
    """Changes parameters so that a loss becomes smaller.

    `opt.step(loss)` differentiates the loss, updates every parameter, and runs all of it at once. Afterwards the loss can be
    read; the tape is used up until `tape.reset()`.
    """
    def __init__(self, name: str, parts: Any, settings: Any, clip_norm: float | None = None, clip_each_norm: float | None = None, clip_value: float | None = None, lookahead: tuple[int, float] | None = None, average: Any = None, allow_unused: bool = False, groups: Any = None) -> None: ...
    def gradients(self, loss: Var) -> list[Var | None]:
        """The gradients of a loss, one for each parameter in order, `None` for those it does not depend on: to look at or
        to change before `step_by`.
        """
    def load_state(self, state: Any) -> None:
        """Takes over what `state()` gave, all or nothing."""
    @property
    def lr(self) -> float:
        """The learning rate, which may be set at any time."""
    @lr.setter
    def lr(self, lr: float) -> None: ...
    def minimize(self, loss: Callable[[Tape], Var]) -> float:
        """Takes a step with the loss that a function records on the tape it is given, perhaps several times, as L-BFGS does;
        gives the loss before the step.
        """
    @property
    def name(self) -> str:
        """The name."""
    @property
    def settings(self) -> dict[str, Any]:
        """All settings by name."""
    def state(self) -> Any:
        """What is kept for each parameter and the number of steps: arrays by name."""
    def step(self, loss: Var, *values: Var) -> None:
        """Takes a step with a scalar loss, computing other values of the same tape in the same run."""
    def step_by(self, gradients: Sequence[Var | None], *values: Var) -> None:
        """Takes a step with gradients of one's own, as values of a tape; `None` leaves a parameter as it is."""
    @property
    def steps(self) -> int:
        """The number of steps taken."""

class Scheduler:
    """A learning rate that changes from step to step."""
    def __init__(self, schedule: str, lr: float, total: int) -> None: ...
    def advance(self, loss: float = 0.0) -> float:
        """Goes on by a step, whose loss a plateau looks at; gives the rate of the next one."""
    def load_state(self, state: Any) -> None:
        """Takes over what `state()` gave."""
    @property
    def lr(self) -> float:
        """The rate of the next step."""
    def state(self) -> Any:
        """Where it stands, as an array."""

def __getattr__(name: str) -> Any: ...
