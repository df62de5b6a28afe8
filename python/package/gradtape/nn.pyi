"""Types of layers, written by `stubs.py`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._gradtape import Layer, Parameter

LAYERS: list[dict[str, Any]]

class Linear(Layer):
    """`x Wᵀ + b`.

    From `[…, inputs]` to `[…, outputs]`.
    """
    def __init__(self, inputs: Any, outputs: Any, bias: Any = True, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class BatchNorm1d(Layer):
    """Each channel normalised over the batch, by running statistics in evaluation.

    From `[n, features], [n, features, length]` to `the same`.
    """
    def __init__(self, features: Any, momentum: Any = 0.1, eps: Any = 1e-05, affine: Any = True, track_running_stats: Any = True, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class BatchNorm2d(Layer):
    """Each channel normalised over the batch, by running statistics in evaluation.

    From `[n, channels, height, width]` to `the same`.
    """
    def __init__(self, features: Any, momentum: Any = 0.1, eps: Any = 1e-05, affine: Any = True, track_running_stats: Any = True, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class LayerNorm(Layer):
    """The last axes normalised to mean 0 and variance 1, scaled and shifted.

    From `[…, shape…]` to `the same`.
    """
    def __init__(self, shape: Any, eps: Any = 1e-05, affine: Any = True, bias: Any = True, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class RmsNorm(Layer):
    """The last axes divided by the root of their mean square, scaled.

    From `[…, shape…]` to `the same`.
    """
    def __init__(self, shape: Any, eps: Any = None, affine: Any = True, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class GroupNorm(Layer):
    """Groups of channels normalised, each channel scaled and shifted.

    From `[n, channels, …]` to `the same`.
    """
    def __init__(self, groups: Any, channels: Any, eps: Any = 1e-05, affine: Any = True, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class InstanceNorm1d(Layer):
    """Each channel of each example normalised.

    From `[n, channels, length]` to `the same`.
    """
    def __init__(self, features: Any, eps: Any = 1e-05, affine: Any = True, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class InstanceNorm2d(Layer):
    """Each channel of each example normalised.

    From `[n, channels, height, width]` to `the same`.
    """
    def __init__(self, features: Any, eps: Any = 1e-05, affine: Any = True, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class Relu(Layer):
    """`max(x, 0)`.

    From `[…]` to `the same`.
    """
    def __init__(self, *, seed: int | None = None) -> None: ...

class LeakyRelu(Layer):
    """`x` above 0, `slope x` elsewhere.

    From `[…]` to `the same`.
    """
    def __init__(self, slope: Any = 0.01, *, seed: int | None = None) -> None: ...

class Sigmoid(Layer):
    """`1 / (1 + exp(-x))`.

    From `[…]` to `the same`.
    """
    def __init__(self, *, seed: int | None = None) -> None: ...

class Tanh(Layer):
    """The hyperbolic tangent.

    From `[…]` to `the same`.
    """
    def __init__(self, *, seed: int | None = None) -> None: ...

class Softmax(Layer):
    """`exp(x) / Σ exp(x)` along the last axis.

    From `[…, classes]` to `the same`.
    """
    def __init__(self, *, seed: int | None = None) -> None: ...

class LogSoftmax(Layer):
    """`x - log Σ exp(x)` along the last axis.

    From `[…, classes]` to `the same`.
    """
    def __init__(self, *, seed: int | None = None) -> None: ...

class Elu(Layer):
    """`x` above 0, `alpha (exp(x) - 1)` elsewhere.

    From `[…]` to `the same`.
    """
    def __init__(self, alpha: Any = 1.0, *, seed: int | None = None) -> None: ...

class Selu(Layer):
    """A scaled `elu` that keeps mean and variance.

    From `[…]` to `the same`.
    """
    def __init__(self, *, seed: int | None = None) -> None: ...

class Celu(Layer):
    """`x` above 0, `alpha (exp(x / alpha) - 1)` elsewhere.

    From `[…]` to `the same`.
    """
    def __init__(self, alpha: Any = 1.0, *, seed: int | None = None) -> None: ...

class Gelu(Layer):
    """`x Φ(x)` with the normal distribution, or its approximation by tanh.

    From `[…]` to `the same`.
    """
    def __init__(self, tanh: Any = False, *, seed: int | None = None) -> None: ...

class Silu(Layer):
    """`x sigmoid(x)`.

    From `[…]` to `the same`.
    """
    def __init__(self, *, seed: int | None = None) -> None: ...

class Mish(Layer):
    """`x tanh(softplus(x))`.

    From `[…]` to `the same`.
    """
    def __init__(self, *, seed: int | None = None) -> None: ...

class Softplus(Layer):
    """`log(1 + exp(beta x)) / beta`.

    From `[…]` to `the same`.
    """
    def __init__(self, beta: Any = 1.0, *, seed: int | None = None) -> None: ...

class Softsign(Layer):
    """`x / (1 + |x|)`.

    From `[…]` to `the same`.
    """
    def __init__(self, *, seed: int | None = None) -> None: ...

class Hardtanh(Layer):
    """`x` between `min` and `max`.

    From `[…]` to `the same`.
    """
    def __init__(self, min: Any = -1.0, max: Any = 1.0, *, seed: int | None = None) -> None: ...

class Relu6(Layer):
    """`x` between 0 and 6.

    From `[…]` to `the same`.
    """
    def __init__(self, *, seed: int | None = None) -> None: ...

class Hardsigmoid(Layer):
    """`x / 6 + 1/2` between 0 and 1.

    From `[…]` to `the same`.
    """
    def __init__(self, *, seed: int | None = None) -> None: ...

class Hardswish(Layer):
    """`x hardsigmoid(x)`.

    From `[…]` to `the same`.
    """
    def __init__(self, *, seed: int | None = None) -> None: ...

class Prelu(Layer):
    """`x` above 0, `weight x` elsewhere, with weights that are learned.

    From `[n, channels, …]` to `the same`.
    """
    def __init__(self, parameters: Any = 1, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class Glu(Layer):
    """The first half along an axis times the sigmoid of the second.

    From `[…, 2 n, …]` to `[…, n, …]`.
    """
    def __init__(self, axis: Any = -1, *, seed: int | None = None) -> None: ...

class Conv1d(Layer):
    """Windows contracted with a weight that is the same everywhere.

    From `[n, inputs, length]` to `[n, outputs, windows]`.
    """
    def __init__(self, inputs: Any, outputs: Any, kernel: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: Any = 1, bias: Any = True, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class Conv2d(Layer):
    """Windows contracted with a weight that is the same everywhere.

    From `[n, inputs, height, width]` to `[n, outputs, windows…]`.
    """
    def __init__(self, inputs: Any, outputs: Any, kernel: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: Any = 1, bias: Any = True, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class Conv3d(Layer):
    """Windows contracted with a weight that is the same everywhere.

    From `[n, inputs, depth, height, width]` to `[n, outputs, windows…]`.
    """
    def __init__(self, inputs: Any, outputs: Any, kernel: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: Any = 1, bias: Any = True, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class ConvTranspose1d(Layer):
    """Each element adds a weight times itself to a window.

    From `[n, inputs, length]` to `[n, outputs, size]`.
    """
    def __init__(self, inputs: Any, outputs: Any, kernel: Any, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, dilation: Any = 1, groups: Any = 1, bias: Any = True, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class ConvTranspose2d(Layer):
    """Each element adds a weight times itself to a window.

    From `[n, inputs, height, width]` to `[n, outputs, size…]`.
    """
    def __init__(self, inputs: Any, outputs: Any, kernel: Any, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, dilation: Any = 1, groups: Any = 1, bias: Any = True, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class ConvTranspose3d(Layer):
    """Each element adds a weight times itself to a window.

    From `[n, inputs, depth, height, width]` to `[n, outputs, size…]`.
    """
    def __init__(self, inputs: Any, outputs: Any, kernel: Any, stride: Any = 1, padding: Any = 0, output_padding: Any = 0, dilation: Any = 1, groups: Any = 1, bias: Any = True, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class MaxPool1d(Layer):
    """The greatest of each window.

    From `[n, channels, length]` to `[n, channels, windows]`.
    """
    def __init__(self, kernel: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: Any = False, *, seed: int | None = None) -> None: ...

class MaxPool2d(Layer):
    """The greatest of each window.

    From `[n, channels, height, width]` to `[n, channels, windows…]`.
    """
    def __init__(self, kernel: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: Any = False, *, seed: int | None = None) -> None: ...

class MaxPool3d(Layer):
    """The greatest of each window.

    From `[n, channels, depth, height, width]` to `[n, channels, windows…]`.
    """
    def __init__(self, kernel: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: Any = False, *, seed: int | None = None) -> None: ...

class AvgPool1d(Layer):
    """The mean of each window.

    From `[n, channels, length]` to `[n, channels, windows]`.
    """
    def __init__(self, kernel: Any, stride: Any = None, padding: Any = 0, ceil_mode: Any = False, count_include_pad: Any = True, *, seed: int | None = None) -> None: ...

class AvgPool2d(Layer):
    """The mean of each window.

    From `[n, channels, height, width]` to `[n, channels, windows…]`.
    """
    def __init__(self, kernel: Any, stride: Any = None, padding: Any = 0, ceil_mode: Any = False, count_include_pad: Any = True, *, seed: int | None = None) -> None: ...

class AvgPool3d(Layer):
    """The mean of each window.

    From `[n, channels, depth, height, width]` to `[n, channels, windows…]`.
    """
    def __init__(self, kernel: Any, stride: Any = None, padding: Any = 0, ceil_mode: Any = False, count_include_pad: Any = True, *, seed: int | None = None) -> None: ...

class LpPool1d(Layer):
    """The norm `(Σ x^p)^(1/p)` of each window.

    From `[n, channels, length]` to `[n, channels, windows]`.
    """
    def __init__(self, norm: Any, kernel: Any, stride: Any = None, ceil_mode: Any = False, *, seed: int | None = None) -> None: ...

class LpPool2d(Layer):
    """The norm `(Σ x^p)^(1/p)` of each window.

    From `[n, channels, height, width]` to `[n, channels, windows…]`.
    """
    def __init__(self, norm: Any, kernel: Any, stride: Any = None, ceil_mode: Any = False, *, seed: int | None = None) -> None: ...

class LpPool3d(Layer):
    """The norm `(Σ x^p)^(1/p)` of each window.

    From `[n, channels, depth, height, width]` to `[n, channels, windows…]`.
    """
    def __init__(self, norm: Any, kernel: Any, stride: Any = None, ceil_mode: Any = False, *, seed: int | None = None) -> None: ...

class AdaptiveAvgPool1d(Layer):
    """The mean of each of as many parts as asked for.

    From `[n, channels, length]` to `[n, channels, size]`.
    """
    def __init__(self, size: Any, *, seed: int | None = None) -> None: ...

class AdaptiveAvgPool2d(Layer):
    """The mean of each of as many parts as asked for.

    From `[n, channels, height, width]` to `[n, channels, size…]`.
    """
    def __init__(self, size: Any, *, seed: int | None = None) -> None: ...

class AdaptiveAvgPool3d(Layer):
    """The mean of each of as many parts as asked for.

    From `[n, channels, depth, height, width]` to `[n, channels, size…]`.
    """
    def __init__(self, size: Any, *, seed: int | None = None) -> None: ...

class AdaptiveMaxPool1d(Layer):
    """The greatest of each of as many parts as asked for.

    From `[n, channels, length]` to `[n, channels, size]`.
    """
    def __init__(self, size: Any, *, seed: int | None = None) -> None: ...

class AdaptiveMaxPool2d(Layer):
    """The greatest of each of as many parts as asked for.

    From `[n, channels, height, width]` to `[n, channels, size…]`.
    """
    def __init__(self, size: Any, *, seed: int | None = None) -> None: ...

class AdaptiveMaxPool3d(Layer):
    """The greatest of each of as many parts as asked for.

    From `[n, channels, depth, height, width]` to `[n, channels, size…]`.
    """
    def __init__(self, size: Any, *, seed: int | None = None) -> None: ...

class GlobalAvgPool(Layer):
    """The mean of each channel.

    From `[n, channels, size…]` to `[n, channels]`.
    """
    def __init__(self, *, seed: int | None = None) -> None: ...

class GlobalMaxPool(Layer):
    """The greatest of each channel.

    From `[n, channels, size…]` to `[n, channels]`.
    """
    def __init__(self, *, seed: int | None = None) -> None: ...

class Upsample(Layer):
    """Another size: the nearest element, or one interpolated along each axis.

    From `[n, channels, size…]` to `[n, channels, new size…]`.
    """
    def __init__(self, size: Any, scale: Any, mode: Any = 'nearest', *, seed: int | None = None) -> None: ...

class Flatten(Layer):
    """All axes but the first as one.

    From `[n, …]` to `[n, numbers]`.
    """
    def __init__(self, *, seed: int | None = None) -> None: ...

class Unflatten(Layer):
    """The numbers of each row under another shape.

    From `[n, numbers]` to `[n, …]`.
    """
    def __init__(self, shape: Any, *, seed: int | None = None) -> None: ...

class Dropout(Layer):
    """Elements set to 0 in training, with probability `p`, the others scaled up.

    From `[…]` to `the same`.
    """
    def __init__(self, p: Any, *, seed: int | None = None) -> None: ...

class Dropout1d(Layer):
    """Channels set to 0 in training, with probability `p`, the others scaled up.

    From `[n, channels, length]` to `the same`.
    """
    def __init__(self, p: Any, *, seed: int | None = None) -> None: ...

class Dropout2d(Layer):
    """Channels set to 0 in training, with probability `p`, the others scaled up.

    From `[n, channels, height, width]` to `the same`.
    """
    def __init__(self, p: Any, *, seed: int | None = None) -> None: ...

class Embedding(Layer):
    """A vector for each number.

    From `i64[…]` to `[…, width]`.
    """
    def __init__(self, count: Any, width: Any, padding: Any = None, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class EmbedColumns(Layer):
    """Stretches of columns of 0 and 1 replaced by the vectors of their categories.

    From `[n, inputs]` to `[n, outputs]`.
    """
    def __init__(self, inputs: Any, columns: Any, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class EmbeddingBag(Layer):
    """The sum, mean or maximum of the vectors of each bag of numbers.

    From `i64[n, size]` to `[n, width]`.
    """
    def __init__(self, count: Any, width: Any, mode: Any = 'mean', padding: Any = None, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class MultiheadAttention(Layer):
    """Each place takes values of others, weighed by `softmax(q k / √head)`.

    From `[n, length, width]` to `the same`.
    """
    def __init__(self, width: Any, heads: Any, causal: Any = False, dropout: Any = 0.0, bias: Any = True, rotary: Any = None, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class PositionalEmbedding(Layer):
    """A learned vector added to each place.

    From `[n, length, width]` to `the same`.
    """
    def __init__(self, places: Any, width: Any, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class RotaryEmbedding(Layer):
    """Pairs of numbers turned by angles that grow with their place.

    From `[…, length, width]` to `the same`.
    """
    def __init__(self, base: Any = 10000.0, *, seed: int | None = None) -> None: ...

class TransformerEncoderLayer(Layer):
    """Self-attention and a network for each place, each added and normalised.

    From `[n, length, width]` to `the same`.
    """
    def __init__(self, width: Any, heads: Any, feedforward: Any = 2048, dropout: Any = 0.1, activation: Any = 'relu', eps: Any = 1e-05, norm_first: Any = False, bias: Any = True, causal: Any = False, rotary: Any = None, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class TransformerEncoder(Layer):
    """Encoder layers one behind another, and a last normalisation.

    From `[n, length, width]` to `the same`.
    """
    def __init__(self, encoder_layer: Any, layers: Any = 6, final_norm: Any = True, *, seed: int | None = None) -> None: ...

class TransformerDecoderLayer(Layer):
    """Self-attention, attention to another sequence (its own in a `Sequential`), and a network for each place.

    From `[n, length, width]` to `the same`.
    """
    def __init__(self, width: Any, heads: Any, feedforward: Any = 2048, dropout: Any = 0.1, activation: Any = 'relu', eps: Any = 1e-05, norm_first: Any = False, bias: Any = True, causal: Any = False, rotary: Any = None, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class TransformerDecoder(Layer):
    """Decoder layers one behind another, and a last normalisation.

    From `[n, length, width]` to `the same`.
    """
    def __init__(self, decoder_layer: Any, layers: Any = 6, final_norm: Any = True, *, seed: int | None = None) -> None: ...

class CausalTransformer(Layer):
    """A language model: logits of the token that follows each one.

    From `i64[n, length]` to `[n, length, vocabulary]`.
    """
    def __init__(self, vocabulary: Any, stack: Any, places: Any = 1024, tied: Any = True, *, seed: int | None = None) -> None: ...

class SwiGlu(Layer):
    """`down(silu(gate(x)) * up(x))`.

    From `[…, width]` to `the same`.
    """
    def __init__(self, width: Any, hidden: Any, bias: Any = False, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class Rnn(Layer):
    """`h' = tanh(W x + b + U h + c)`, or with a rectifier, step by step.

    From `[n, length, inputs]` to `[n, length, directions hidden]`.
    """
    def __init__(self, inputs: Any, hidden: Any, layers: Any = 1, bidirectional: Any = False, bias: Any = True, dropout: Any = 0.0, cell: Any = {'nonlinearity': 'tanh'}, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class Lstm(Layer):
    """Long short-term memory: a cell behind input, forget and output gates.

    From `[n, length, inputs]` to `[n, length, directions hidden]`.
    """
    def __init__(self, inputs: Any, hidden: Any, layers: Any = 1, bidirectional: Any = False, bias: Any = True, dropout: Any = 0.0, cell: Any = {}, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class Gru(Layer):
    """The gated recurrent unit: a state behind reset and update gates.

    From `[n, length, inputs]` to `[n, length, directions hidden]`.
    """
    def __init__(self, inputs: Any, hidden: Any, layers: Any = 1, bidirectional: Any = False, bias: Any = True, dropout: Any = 0.0, cell: Any = {}, dtype: Any = 'f32', *, seed: int | None = None) -> None: ...

class Residual(Layer):
    """`x + inner(x)`.

    From `[…]` to `the same`. Shares the parameters of the layers.
    """
    def __init__(self, inner: Any, shortcut: Any = None) -> None: ...

class Parallel(Layer):
    """Layers of the same input, concatenated along an axis or added.

    From `[…]` to `joined`. Shares the parameters of the layers.
    """
    def __init__(self, *layers: Any, axis: Any = -1, add: Any = False) -> None: ...

class Bidirectional(Layer):
    """Two layers that read a sequence from both ends, side by side.

    From `[n, length, …]` to `[n, length, both]`. Shares the parameters of the layers.
    """
    def __init__(self, forward: Any, backward: Any) -> None: ...

class Sequential(Layer):
    """Layers one after another.

    From `[…]` to `that of the last`. Shares the parameters of the layers.
    """
    def __init__(self, *layers: Any) -> None: ...

def fit(net: Any, x: Any, y: Any, *, loss: Any = None, optimizer: Any = 'adam', lr: Any = None, epochs: Any = 10, batch: Any = 32, validation: Any = None, patience: Any = None, schedule: Any = None, seed: Any = 0, on_epoch: Any = None) -> Any:
    """Trains a network on rows `x` and targets `y`; gives a dict for each epoch: `epoch`, `lr`, `loss`, `accuracy` of
    classes or `mean_absolute_error` of numbers, and the same of validation rows, as `validation_loss`.

    - `net`: a layer or network of the library, or a `Module` of one's own.
    - `y`: classes as whole numbers `[n]`, or numbers to predict, `[n]` or `[n, k]`.
    - `loss`: the name of a loss or a function of outputs and targets; without it cross entropy of classes, and the mean square
    of numbers.
    - `optimizer`: a name, with `lr` if it is not to be the usual rate, or one made from the network, which has the state of
    the training afterwards.
    - `validation`: a pair of inputs and targets, or the share of the rows that is held out for it.
    - `patience`: ends where the loss of validation did not fall for so many epochs, with the numbers of the best.
    - `schedule`: of the learning rate by step, as `optim.SCHEDULES` has them.
    - `on_epoch`: is called with the dict of each epoch.

    Ctrl-C ends it with a warning, and the network keeps what it learned.

    >>> import gradtape as gt
    >>> x, y = gt.data.iris()
    >>> net = gt.nn.Linear(4, 3, seed=0)
    >>> gt.nn.fit(net, x, y, epochs=30, lr=0.05)[-1]["accuracy"] > 0.9
    True
    """
def from_spec(spec: Any, seed: Any = None) -> Any:
    """A layer of its description: JSON, or a dict as in `LAYERS`."""
def named_parameters(module: Any) -> Any:
    """The parameters of a module by name, in order; each once."""
def parts_of(module: Any, path: Any = '') -> Any:
    """The layers and parameters of a module, or of a list or dict of them, with their paths."""

class Module:
    """A network of one's own: layers, parameters, and lists and dicts of them as attributes, and a `forward`.

    >>> from gradtape import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         self.hidden, self.out = nn.Linear(64, 32), nn.Linear(32, 10)
    ...     def forward(self, x):
    ...         return self.out(self.hidden(x).relu())
    >>> Net().parameter_count
    2410
    """
    def forward(self, *args: Any) -> Any:
        """What the network records of values."""
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def named_parameters(self) -> Any:
        """The parameters by name, in order; each once."""
    def parameters(self) -> Any:
        """The parameters in order."""
    @property
    def parameter_count(self) -> Any:
        """The number of numbers in all parameters."""
    def summary(self) -> Any:
        """A table of the layers with their shapes and numbers of parameters."""
    def save(self, path: Any) -> Any:
        """Writes parameters and buffers to a safetensors file."""
    def load(self, path: Any) -> Any:
        """Reads parameters and buffers from a safetensors file, by name."""

def mlp(sizes: Sequence[int], activation: str = "relu", dropout: float = 0.0, seed: int | None = None) -> Layer:
    """Linear layers between widths, with an activation and perhaps a dropout behind each but the last."""
