"""Types of optimisers and schedules, written by `stubs.py`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._gradtape import Optimizer as Optimizer, Scheduler as Scheduler

OPTIMIZERS: list[dict[str, Any]]
SCHEDULES: list[str]

class Sgd(Optimizer):
    """Stochastic gradient descent, with momentum (Polyak 1964; Sutskever et al. 2013) as PyTorch defines
    it: `m = momentum m + (1 - dampening) g`, where the first `m` is `g` itself, and `x -= lr m`, or
    `x -= lr (g + momentum m)` with Nesterov's look ahead. Weight decay adds `weight_decay x` to `g`.

    - `lr`: The learning rate.
    - `weight_decay`: The factor of the penalty ½ ‖x‖².
    - `momentum`: The share of the last step that is taken again.
    - `dampening`: The share of the gradient that momentum leaves out.
    - `nesterov`: Whether to look ahead by the momentum; needs momentum and no dampening.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 0.01, *, weight_decay: Any = 0.0, momentum: Any = 0.0, dampening: Any = 0.0, nesterov: Any = False, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Momentum(Optimizer):
    """Stochastic gradient descent, with momentum (Polyak 1964; Sutskever et al. 2013) as PyTorch defines
    it: `m = momentum m + (1 - dampening) g`, where the first `m` is `g` itself, and `x -= lr m`, or
    `x -= lr (g + momentum m)` with Nesterov's look ahead. Weight decay adds `weight_decay x` to `g`.

    - `lr`: The learning rate.
    - `weight_decay`: The factor of the penalty ½ ‖x‖².
    - `momentum`: The share of the last step that is taken again.
    - `dampening`: The share of the gradient that momentum leaves out.
    - `nesterov`: Whether to look ahead by the momentum; needs momentum and no dampening.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 0.01, *, weight_decay: Any = 0.0, momentum: Any = 0.9, dampening: Any = 0.0, nesterov: Any = False, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Nesterov(Optimizer):
    """Stochastic gradient descent, with momentum (Polyak 1964; Sutskever et al. 2013) as PyTorch defines
    it: `m = momentum m + (1 - dampening) g`, where the first `m` is `g` itself, and `x -= lr m`, or
    `x -= lr (g + momentum m)` with Nesterov's look ahead. Weight decay adds `weight_decay x` to `g`.

    - `lr`: The learning rate.
    - `weight_decay`: The factor of the penalty ½ ‖x‖².
    - `momentum`: The share of the last step that is taken again.
    - `dampening`: The share of the gradient that momentum leaves out.
    - `nesterov`: Whether to look ahead by the momentum; needs momentum and no dampening.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 0.01, *, weight_decay: Any = 0.0, momentum: Any = 0.9, dampening: Any = 0.0, nesterov: Any = True, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Adagrad(Optimizer):
    """AdaGrad (Duchi, Hazan and Singer 2011): `v += g²`, `x -= lr / (1 + (t - 1) lr_decay) g / (√v + eps)`.

    Weight decay adds `weight_decay x` to `g`.

    - `lr`: The learning rate.
    - `weight_decay`: The factor of the penalty ½ ‖x‖².
    - `lr_decay`: How fast the learning rate falls.
    - `initial_accumulator_value`: What `v` starts at.
    - `eps`: What is added to the root.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 0.01, *, weight_decay: Any = 0.0, lr_decay: Any = 0.0, initial_accumulator_value: Any = 0.0, eps: Any = 1e-10, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Rmsprop(Optimizer):
    """RMSProp (Tieleman and Hinton 2012): `v` is the moving average of `g²` and `x -= lr g / (√v + eps)`.

    Centred, the square of the moving average of `g` is taken from `v` (Graves 2013). With momentum the
    quotient goes through `m = momentum m + g / (√v + eps)`. Weight decay adds `weight_decay x` to `g`.

    - `lr`: The learning rate.
    - `weight_decay`: The factor of the penalty ½ ‖x‖².
    - `alpha`: The weight of the past in the averages.
    - `eps`: What is added to the root.
    - `centered`: Whether to divide by the deviation of the gradient from its average.
    - `momentum`: The share of the last step that is taken again.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 0.01, *, weight_decay: Any = 0.0, alpha: Any = 0.99, eps: Any = 1e-08, centered: Any = False, momentum: Any = 0.0, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Adadelta(Optimizer):
    """AdaDelta (Zeiler 2012): `x -= lr d` with `d = √(u + eps) / √(v + eps) g`, where `v` and `u` are the
    moving averages of `g²` and `d²`. Its learning rate is 1 in the paper.

    Weight decay adds `weight_decay x` to `g`.

    - `lr`: The learning rate.
    - `weight_decay`: The factor of the penalty ½ ‖x‖².
    - `rho`: The weight of the past in the averages.
    - `eps`: What is added under both roots.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 1.0, *, weight_decay: Any = 0.0, rho: Any = 0.9, eps: Any = 1e-06, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Adam(Optimizer):
    """Adam (Kingma and Ba 2015): with `m` and `v` the moving averages of `g` and `g²`,
    `x -= lr / (1 - β₁ᵗ) m / (√(v / (1 - β₂ᵗ)) + eps)`.

    Weight decay adds `weight_decay x` to `g`; `AdamW` decays the parameter itself.

    - `lr`: The learning rate.
    - `weight_decay`: The factor of the penalty ½ ‖x‖².
    - `betas`: The weights of the past in the averages of `g` and `g²`.
    - `eps`: What is added to the root.
    - `amsgrad`: Whether to divide by the greatest `v` so far. Reddi, Kale and Kumar 2018.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 0.001, *, weight_decay: Any = 0.0, betas: Any = (0.9, 0.999), eps: Any = 1e-08, amsgrad: Any = False, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Amsgrad(Optimizer):
    """Adam (Kingma and Ba 2015): with `m` and `v` the moving averages of `g` and `g²`,
    `x -= lr / (1 - β₁ᵗ) m / (√(v / (1 - β₂ᵗ)) + eps)`.

    Weight decay adds `weight_decay x` to `g`; `AdamW` decays the parameter itself.

    - `lr`: The learning rate.
    - `weight_decay`: The factor of the penalty ½ ‖x‖².
    - `betas`: The weights of the past in the averages of `g` and `g²`.
    - `eps`: What is added to the root.
    - `amsgrad`: Whether to divide by the greatest `v` so far. Reddi, Kale and Kumar 2018.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 0.001, *, weight_decay: Any = 0.0, betas: Any = (0.9, 0.999), eps: Any = 1e-08, amsgrad: Any = True, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Adamw(Optimizer):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019): `x *= 1 - lr weight_decay`, then the
    step of `Adam`.

    - `lr`: The learning rate.
    - `weight_decay`: How much of the parameter is taken off in each step, times the learning rate.
    - `betas`: The weights of the past in the averages of `g` and `g²`.
    - `eps`: What is added to the root.
    - `amsgrad`: Whether to divide by the greatest `v` so far. Reddi, Kale and Kumar 2018.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 0.001, *, weight_decay: Any = 0.01, betas: Any = (0.9, 0.999), eps: Any = 1e-08, amsgrad: Any = False, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Adamax(Optimizer):
    """Adamax (Kingma and Ba 2015, section 7.1): `m` is the moving average of `g`,
    `u = max(β₂ u, |g| + eps)` and `x -= lr / (1 - β₁ᵗ) m / u`.

    Weight decay adds `weight_decay x` to `g`.

    - `lr`: The learning rate.
    - `weight_decay`: The factor of the penalty ½ ‖x‖².
    - `betas`: The weight of the past in the average of `g`, and the shrinking of `u`.
    - `eps`: What is added to the magnitude of the gradient.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 0.002, *, weight_decay: Any = 0.0, betas: Any = (0.9, 0.999), eps: Any = 1e-08, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Nadam(Optimizer):
    """NAdam (Dozat 2016): Adam whose average of `g` looks ahead as Nesterov's momentum does.

    With `μₜ = β₁ (1 - ½ 0.96^(t momentum_decay))`, `Πₜ` the product of `μ₁ … μₜ` and `m`, `v` as in
    `Adam`: `x -= lr ((1 - μₜ) / (1 - Πₜ) g + μₜ₊₁ / (1 - Πₜ₊₁) m) / (√(v / (1 - β₂ᵗ)) + eps)`.
    Weight decay adds `weight_decay x` to `g`.

    - `lr`: The learning rate.
    - `weight_decay`: The factor of the penalty ½ ‖x‖².
    - `betas`: The weights of the past in the averages of `g` and `g²`.
    - `eps`: What is added to the root.
    - `momentum_decay`: How fast the look ahead grows to `β₁`.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 0.002, *, weight_decay: Any = 0.0, betas: Any = (0.9, 0.999), eps: Any = 1e-08, momentum_decay: Any = 0.004, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Radam(Optimizer):
    """RAdam (Liu et al. 2020): Adam that divides by `√v` only once enough gradients are in it.

    With `ρ∞ = 2 / (1 - β₂) - 1`, `ρₜ = ρ∞ - 2 t β₂ᵗ / (1 - β₂ᵗ)` and `m`, `v` as in `Adam`:
    `x -= lr r / (1 - β₁ᵗ) m / ((√v + eps) / √(1 - β₂ᵗ))` with
    `r² = (ρₜ - 4) (ρₜ - 2) ρ∞ / ((ρ∞ - 4) (ρ∞ - 2) ρₜ)` where `ρₜ > 5`, and `x -= lr / (1 - β₁ᵗ) m` before.

    Weight decay adds `weight_decay x` to `g`, or, if it is decoupled, takes `lr weight_decay x` off the
    parameter first.

    - `lr`: The learning rate.
    - `weight_decay`: The factor of the penalty ½ ‖x‖², or what is taken off the parameter.
    - `betas`: The weights of the past in the averages of `g` and `g²`.
    - `eps`: What is added to the root.
    - `decoupled_weight_decay`: Whether weight decay is taken off the parameter itself.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 0.001, *, weight_decay: Any = 0.0, betas: Any = (0.9, 0.999), eps: Any = 1e-08, decoupled_weight_decay: Any = False, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Lion(Optimizer):
    """Lion (Chen et al. 2023): steps by a sign. `x -= lr (sign(β₁ m + (1 - β₁) g) + weight_decay x)`, then
    `m = β₂ m + (1 - β₂) g`.

    The paper takes a learning rate of a third to a tenth of `AdamW`'s, and a weight decay as
    many times as large.

    - `lr`: The learning rate.
    - `weight_decay`: How much of the parameter is taken off in each step, times the learning rate.
    - `betas`: The weights of the past in what gives the sign and in what is kept.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 0.0001, *, weight_decay: Any = 0.0, betas: Any = (0.9, 0.99), clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Lamb(Optimizer):
    """LAMB (You et al. 2020): Adam for large batches, each parameter at a pace of its own. With `m`, `v` as in
    `Adam` and `r = m / (1 - β₁ᵗ) / (√(v / (1 - β₂ᵗ)) + eps) + weight_decay x`:
    `x -= lr ‖x‖ / ‖r‖ r`, and `x -= lr r` where either norm is 0.

    - `lr`: The learning rate.
    - `weight_decay`: How much of the parameter is added to the direction of a step.
    - `betas`: The weights of the past in the averages of `g` and `g²`.
    - `eps`: What is added to the root.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 0.001, *, weight_decay: Any = 0.01, betas: Any = (0.9, 0.999), eps: Any = 1e-06, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Lars(Optimizer):
    """LARS (You, Gitman and Ginsburg 2017): momentum for large batches, each parameter at a pace of its own:
    `m = momentum m + lr trust_coefficient ‖x‖ / (‖g‖ + weight_decay ‖x‖ + eps) (g + weight_decay x)`,
    `x -= m`. Where either norm is 0, nothing scales the step but `lr`.

    - `lr`: The learning rate.
    - `weight_decay`: The factor of the penalty ½ ‖x‖².
    - `momentum`: The share of the last step that is taken again.
    - `trust_coefficient`: The length of a step over the norm of the parameter, times the learning rate.
    - `eps`: What is added to the norms that are divided by.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 1.0, *, weight_decay: Any = 0.0, momentum: Any = 0.9, trust_coefficient: Any = 0.001, eps: Any = 1e-08, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Muon(Optimizer):
    """Muon (Jordan et al. 2024): momentum whose matrices are made nearly orthogonal, so that a step moves all
    directions alike. With `m = momentum m + (1 - momentum) g`, `u = m` or, with Nesterov's look ahead,
    `u = g + momentum (m - g)`: `x -= lr s O(u)`, after `x *= 1 - lr weight_decay`.

    `O` is `ns_steps` times `X → a X + (b X Xᵀ + c (X Xᵀ)²) X` from `u / ‖u‖` on, with
    `(a, b, c) = (3.4445, -4.775, 2.0315)`, computed in the type of the state; the scale `s` of an `A` by `B`
    matrix is `√max(1, A / B)`.

    What has more than two axes, such as the kernels of a convolution, is a matrix of its first axis and the
    rest, as in Jordan's code. Scalars and vectors, and matrices of a group with `orthogonalize` set to
    `false` (embeddings and the last layer, as the author advises), take the step of `AdamW`
    with the same rate and decay, and with `betas`.

    - `lr`: The learning rate.
    - `weight_decay`: How much of the parameter is taken off in each step, times the learning rate.
    - `momentum`: The weight of the past in the average of `g`.
    - `nesterov`: Whether to look ahead by the momentum.
    - `ns_steps`: How often a matrix is brought nearer to an orthogonal one.
    - `eps`: The least norm that is divided by, and what is added to the root of the rest.
    - `match_rms_adamw`: Whether the scale is `0.2 √max(A, B)`, with which rate and decay of AdamW fit.
    - `betas`: The weights of the past in the averages of `g` and `g²` of the rest.
    - `orthogonalize`: Whether matrices are made orthogonal.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 0.001, *, weight_decay: Any = 0.1, momentum: Any = 0.95, nesterov: Any = True, ns_steps: Any = 5.0, eps: Any = 1e-07, match_rms_adamw: Any = False, betas: Any = (0.9, 0.95), orthogonalize: Any = True, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Adafactor(Optimizer):
    """Adafactor (Shazeer and Stern 2018) as PyTorch defines it: of the average of `g²` only the means of its rows
    and of its columns are kept, over the last two axes, so that the state of a matrix is as small as two
    vectors.

    With `s = t^beta2_decay`, `R` and `C` move by the share `s` to the means of `g²` over columns and over
    rows, and `v = R C / max(mean(R), eps1)`; of a vector or a scalar `v` itself moves to `g²`. With
    `u = g / √max(v, eps1²)` and `rms` the root of the mean of the squares:
    `x -= max(eps2, rms(x)) min(lr, 1 / √t) / max(1, rms(u) / d) u`, after `x *= 1 - lr weight_decay`.

    - `lr`: The learning rate.
    - `weight_decay`: How much of the parameter is taken off in each step, times the learning rate.
    - `beta2_decay`: The exponent of the step in the share by which averages move.
    - `eps1`: The least root of `v`; 0 stands for the distance from 1 to the next number of the type.
    - `eps2`: The least size of a parameter that steps follow.
    - `d`: The largest root of the mean square of `u`.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 0.01, *, weight_decay: Any = 0.0, beta2_decay: Any = -0.8, eps1: Any = 0.0, eps2: Any = 0.001, d: Any = 1.0, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

class Lbfgs(Optimizer):
    """L-BFGS (Liu and Nocedal 1989) as PyTorch defines it: a step is up to `max_iter` moves along `-H g`, where
    the inverse Hessian `H` is what the last `history_size` moves and changes of the gradient tell of it. How
    far a move goes is found on its line, by the strong Wolfe conditions with `c₁ = 1e-4` and `c₂ = 0.9`.

    A step looks at the loss several times and hence needs `Optimizer::minimize`; `step` is an error. It ends
    early where the gradient, the move or the change of the loss is small, or after `max_eval` looks. A finite loss
    whose gradient is not finite is an error, which leaves the parameters as they were before the step.

    Moves are computed in f64, whatever the type of the parameters. The loss should be that of all data, or of
    large batches, and the same each time that it is looked at. Clipping, groups and looking ahead would break
    the search and are errors.

    - `lr`: The learning rate.
    - `max_iter`: The most moves in a step.
    - `max_eval`: The most looks at the loss in a step; 0 stands for 5/4 of `max_iter`.
    - `tolerance_grad`: The largest element of a gradient at which a step ends.
    - `tolerance_change`: The change of the loss, and of each parameter, at which a step ends.
    - `history_size`: How many moves are remembered.
    - `strong_wolfe`: Whether lengths are searched for; else each move is as long as the learning rate says.

    Beside them:

    - `clip_norm`: the most that the norm of all gradients together may be.
    - `clip_each_norm`: the most that the norm of each gradient may be.
    - `clip_value`: the most that the magnitude of an element may be.
    - `lookahead`: `(steps, share)` of slow parameters that follow (Zhang et al. 2019).
    - `average`: the decay of a moving average of each parameter, which `nn.fit` validates and leaves in the network.
    - `allow_unused`: leaves parameters that the loss does not depend on as they are.
    - `groups`: pairs of a pattern of names (`"*.bias"`) and settings of its own, also `lr_scale`.
    """
    def __init__(self, module: Any, lr: Any = 1.0, *, max_iter: Any = 20.0, max_eval: Any = 0.0, tolerance_grad: Any = 1e-07, tolerance_change: Any = 1e-09, history_size: Any = 100.0, strong_wolfe: Any = True, clip_norm: Any = None, clip_each_norm: Any = None, clip_value: Any = None, lookahead: Any = None, average: Any = None, allow_unused: Any = False, groups: Any = None) -> None: ...

def by_name(name: Any, module: Any, **settings: Any) -> Any:
    """The optimiser of that name for the parameters of a module, or of a list or dict of them."""

class Schedule:
    """Sets the learning rate of an optimiser after each step, for a run of `steps`: `schedule.step()`.

    `name` is one of `SCHEDULES` with settings behind a colon; parts of a sequence have a stroke between them:
    `"warmup_linear:warmup=5@5/cosine"`.
    """
    def __init__(self, optimizer: Any, name: Any, steps: Any) -> None: ...
    def step(self, loss: Any = 0.0) -> Any:
        """Goes on by a step, whose loss a plateau looks at; gives the rate of the next one."""

def __getattr__(name: str) -> type[Optimizer]: ...
