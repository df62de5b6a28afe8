"""A gradient tape that trains networks and shows how they learn."""

from ._gradtape import GradtapeError

__all__ = ["GradtapeError"]
