"""Files of networks and trainings."""

from __future__ import annotations

from . import _gradtape
from ._gradtape import Layer
from .nn import parts_of


def save(network, path, labels=None, notes=None):
    """Writes a network to a file.

    Of layers of the library it is a model file, which `load` and the program `gradtape` read: numbers, architecture, and
    the names of classes. Of a `Module` of one's own it holds numbers alone, which `module.load(path)` reads.
    """
    if isinstance(network, Layer):
        return _gradtape.save_model(network, path, labels, notes)
    if labels is not None or notes is not None:
        raise _gradtape.GradtapeError(
            "save: a network of one's own has a file of numbers alone, without labels and notes"
        )
    return _gradtape.save_parameters(parts_of(network), path)


def load(path):
    """Reads a network from a model file, also one that the program `gradtape` wrote."""
    return _gradtape.load_model(path)


def save_checkpoint(path, network, optimizer, notes=None):
    """Writes what a training has come to: parameters, buffers, how often dropouts drew, the optimiser's state."""
    return _gradtape.save_checkpoint(parts_of(network), optimizer, path, notes)


def load_checkpoint(path, network, optimizer):
    """Goes on where a checkpoint was saved, to the same bits; gives its notes."""
    return _gradtape.load_checkpoint(parts_of(network), optimizer, path)
