"""Trees: numbers and arrays in dicts, lists and tuples, nested as one likes."""

from __future__ import annotations

from typing import Any, Callable


def flatten(tree: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """The leaves of a tree in order, and what builds a tree of the same form from others."""
    leaves: list[Any] = []
    form = _take(tree, leaves)

    def build(values):
        rest = iter(values)
        return _build(form, rest)

    return leaves, build


def form_of(tree: Any) -> Any:
    """The form of a tree: equal for trees whose leaves can take each other's places."""
    return _take(tree, [])


def tree_map(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """A tree whose leaves are what the function makes of those of one or several trees of the same form."""
    leaves, build = flatten(tree)
    rows = [leaves]
    for other in others:
        row, _ = flatten(other)
        if form_of(other) != form_of(tree):
            raise ValueError(
                f"tree_map: trees of different forms, {form_of(tree)} and {form_of(other)}"
            )
        rows.append(row)
    return build([function(*values) for values in zip(*rows)])


def tree_leaves(tree: Any) -> list[Any]:
    """The leaves of a tree in order."""
    return flatten(tree)[0]


class _Leaf:
    def __repr__(self):
        return "*"


LEAF = _Leaf()


def _take(tree, leaves):
    if tree is None:
        return None
    if isinstance(tree, dict):
        return (type(tree), tuple((key, _take(tree[key], leaves)) for key in tree))
    if isinstance(tree, (list, tuple)):
        return (type(tree), tuple(_take(part, leaves) for part in tree))
    leaves.append(tree)
    return LEAF


def _build(form, rest):
    if form is None:
        return None
    if form is LEAF:
        return next(rest)
    kind, parts = form
    if issubclass(kind, dict):
        made = {key: _build(part, rest) for key, part in parts}
        return made if kind is dict else kind(made)
    made = [_build(part, rest) for part in parts]
    if hasattr(kind, "_fields"):
        return kind(*made)
    return kind(made)
