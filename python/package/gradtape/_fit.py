"""Training of a network on arrays: the loop of the library around a network, an optimiser and rows."""

from __future__ import annotations

import warnings

import numpy as np

from . import _gradtape, data, loss as losses
from ._gradtape import GradtapeError, Layer, Optimizer


def fit(
    net,
    x,
    y,
    *,
    loss=None,
    optimizer="adam",
    lr=None,
    epochs=10,
    batch=32,
    validation=None,
    patience=None,
    schedule=None,
    seed=0,
    on_epoch=None,
):
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
    from . import optim
    from .nn import Module, parts_of

    parts = parts_of(net)
    if not isinstance(net, (Layer, Module)):
        raise GradtapeError(
            f"fit: {type(net).__name__} is no network\n  hint: give a layer of gradtape.nn, or a gradtape.nn.Module"
        )
    if isinstance(optimizer, str):
        optimizer = optim.by_name(optimizer, net, **({} if lr is None else {"lr": lr}))
    elif not isinstance(optimizer, Optimizer):
        raise GradtapeError(
            f"fit: {optimizer!r} is no optimiser\n  hint: give a name such as \"adam\", or gradtape.optim.Adam(net, 0.01)"
        )
    elif lr is not None:
        raise GradtapeError("fit: the optimiser has a rate of its own\n  hint: leave lr out, or set optimizer.lr")
    if isinstance(validation, (int, float)) and not isinstance(validation, bool):
        if not 0 < validation < 1:
            raise GradtapeError(f"fit: validation is {validation}\n  hint: a share is above 0 and below 1")
        x, x_held, y, y_held = data.split(np.asarray(x), np.asarray(y), test=validation, seed=seed)
        validation = x_held, y_held
    settings = {"epochs": epochs, "batch": batch, "patience": patience, "schedule": schedule, "seed": seed}
    forward = None if isinstance(net, Layer) else net.forward
    history, ended = _gradtape.fit_network(
        parts, optimizer, (x, y), settings, validation, forward, _loss(loss), on_epoch
    )
    if ended == "interrupted":
        message = f"fit was interrupted in epoch {len(history)} of {epochs}; the network has what it learned until then"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
    return history


def _loss(loss):
    """A function of outputs and targets."""
    if loss is None or callable(loss):
        return loss
    found = getattr(losses, loss, None) if loss in losses.__all__ else None
    if not callable(found):
        raise GradtapeError(f"fit: there is no loss {loss!r}\n  hint: there are {', '.join(losses.LOSSES)}")
    return found
