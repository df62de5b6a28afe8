"""Types of losses, written by `stubs.py`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

LOSSES: list[str]

def mse(prediction: Any, target: Any, *, reduction: Any = 'mean') -> Any:
    """The mean square of the differences."""
def mae(prediction: Any, target: Any, *, reduction: Any = 'mean') -> Any:
    """The mean magnitude of the differences."""
def huber(prediction: Any, target: Any, *, delta: Any = ..., reduction: Any = 'mean') -> Any:
    """Squares of small differences, magnitudes of those above `delta`."""
def smooth_l1(prediction: Any, target: Any, *, beta: Any = ..., reduction: Any = 'mean') -> Any:
    """`huber` divided by its bound `beta`."""
def quantile_loss(prediction: Any, target: Any, *, q: Any = ..., reduction: Any = 'mean') -> Any:
    """The loss whose least prediction is the quantile `q`."""
def cross_entropy(logits: Any, target: Any, *, weight: Any = ..., label_smoothing: Any = ..., ignore_index: Any = ..., reduction: Any = 'mean') -> Any:
    """Of logits `[rows, classes]` and labels `[rows]` of int64, or probabilities: the negative logarithm of what the softmax
    gives the label.
    """
def nll(log_probabilities: Any, labels: Any, *, weight: Any = ..., ignore_index: Any = ..., reduction: Any = 'mean') -> Any:
    """The negative of the logarithm of the label's probability, of logarithms `[rows, classes]` and labels `[rows]`."""
def bce_with_logits(logits: Any, target: Any, *, weight: Any = ..., pos_weight: Any = ..., reduction: Any = 'mean') -> Any:
    """The cross entropy of two classes, of logits and targets between 0 and 1."""
def bce(probability: Any, target: Any, *, reduction: Any = 'mean') -> Any:
    """The cross entropy of two classes, of probabilities and targets between 0 and 1."""
def hinge(score: Any, target: Any, *, reduction: Any = 'mean') -> Any:
    """`max(0, 1 - target score)`, for targets of -1 and 1."""
def kl_div(log_probabilities: Any, target: Any, *, reduction: Any = 'mean') -> Any:
    """The divergence of Kullback and Leibler, of logarithms and probabilities."""
def sigmoid_focal(logits: Any, target: Any, *, alpha: Any = ..., gamma: Any = ..., reduction: Any = 'mean') -> Any:
    """`bce_with_logits` with less weight for what is told apart well."""
def focal(logits: Any, labels: Any, *, gamma: Any = ..., weight: Any = ..., reduction: Any = 'mean') -> Any:
    """`cross_entropy` with less weight for what is told apart well."""
def dice(probability: Any, target: Any, *, smooth: Any = ..., squared: Any = ..., reduction: Any = 'mean') -> Any:
    """1 less the share of two areas that both cover."""
def poisson_nll(prediction: Any, target: Any, *, log_input: Any = ..., full: Any = ..., eps: Any = ..., reduction: Any = 'mean') -> Any:
    """The negative logarithm of the probability of counts."""
def gaussian_nll(mean: Any, target: Any, variance: Any, *, full: Any = ..., eps: Any = ..., reduction: Any = 'mean') -> Any:
    """The negative logarithm of a normal density, of means, targets and variances."""
def multi_margin(scores: Any, labels: Any, *, p: Any = ..., margin: Any = ..., weight: Any = ..., reduction: Any = 'mean') -> Any:
    """How far the scores of other classes come near that of the label."""
def spearman(prediction: Any, target: Any, *, strength: Any = ..., reduction: Any = 'mean') -> Any:
    """1 less the correlation of soft ranks."""
def cosine_distance(prediction: Any, target: Any, *, reduction: Any = 'mean') -> Any:
    """1 less the cosine of the angle between rows."""
def cosine_embedding(first: Any, second: Any, target: Any, *, margin: Any = ..., reduction: Any = 'mean') -> Any:
    """Cosines towards 1 for targets of 1, below `margin` for those of -1."""
def contrastive(first: Any, second: Any, target: Any, *, margin: Any = ..., reduction: Any = 'mean') -> Any:
    """Distances towards 0 for targets of 1, above `margin` for those of 0."""
def triplet_margin(anchor: Any, positive: Any, negative: Any, *, margin: Any = ..., p: Any = ..., eps: Any = ..., swap: Any = ..., reduction: Any = 'mean') -> Any:
    """How far the positive is not nearer to the anchor than the negative by `margin`."""
def ctc(log_probabilities: Any, targets: Any, input_lengths: Any, target_lengths: Any, *, blank: Any = ..., zero_infinity: Any = ..., reduction: Any = 'mean') -> Any:
    """Connectionist temporal classification: of sequences, without their alignment."""
l1 = mae
quantile = quantile_loss
