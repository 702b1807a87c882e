"""The combinations in which something holds, as few boxes of values as one pass finds."""

from collections.abc import Collection, Sequence

Combination = tuple[int, ...]
Box = tuple[frozenset[int], ...]


def boxes_of(holding: Collection[Combination], sizes: Sequence[int]) -> list[Box]:
    """Return disjoint boxes that together are exactly these combinations, in a stable order."""
    boxes: set[Box] = {tuple(frozenset({at}) for at in one) for one in holding}
    held = frozenset(holding)
    for axis in sorted(range(len(sizes)), key=lambda at: -_width(held, at, sizes[at])):
        boxes = _merged(boxes, axis)
    return sorted(boxes, key=lambda box: [sorted(side) for side in box])


def _merged(boxes: Collection[Box], axis: int) -> set[Box]:
    groups: dict[tuple[Box, Box], frozenset[int]] = {}
    for box in boxes:
        others = (box[:axis], box[axis + 1 :])
        groups[others] = groups.get(others, frozenset()) | box[axis]
    return {(*before, side, *after) for (before, after), side in groups.items()}


def _width(holding: frozenset[Combination], axis: int, size: int) -> int:
    """Return in how many lines along the axis its value does not matter."""
    lines = {(*one[:axis], *one[axis + 1 :]) for one in holding}
    return sum(
        all((*line[:axis], at, *line[axis:]) in holding for at in range(size)) for line in lines
    )
