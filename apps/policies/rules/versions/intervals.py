"""Sets of versions as unions of intervals, without a say in how versions are written."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Interval:
    """The versions from `low` to `high`; None is without end; each end is in or out."""

    low: Any = None
    has_low: bool = False
    high: Any = None
    has_high: bool = False

    @property
    def is_empty(self) -> bool:
        if self.low is None or self.high is None or self.low < self.high:
            return False
        return not (self.low == self.high and self.has_low and self.has_high)


Range = tuple[Interval, ...]
ANY: Range = (Interval(),)


def exactly(version: Any) -> Range:
    """Return the range that holds one version."""
    return (Interval(version, has_low=True, high=version, has_high=True),)


def everything_but(version: Any) -> Range:
    """Return the range that holds all versions but one."""
    return (Interval(high=version), Interval(low=version))


def intersect(one: Range, other: Range) -> Range:
    """Return what both ranges hold; empty when that is nothing."""
    found = (_common(a, b) for a in one for b in other)
    return tuple(interval for interval in found if not interval.is_empty)


def intersect_all(ranges: Iterable[Range]) -> Range:
    """Return what all ranges hold; any version for no range."""
    result = ANY
    for one in ranges:
        result = intersect(result, one)
    return result


def contains(one: Range, version: Any) -> bool:
    """Tell whether a version is in a range."""
    return bool(intersect(one, exactly(version)))


def is_within(inner: Range, outer: Range) -> bool:
    """Tell whether every version of `inner` is in `outer`."""
    joined = _joined(outer)
    return all(_is_covered(interval, joined) for interval in inner)


def _common(a: Interval, b: Interval) -> Interval:
    low, has_low = (b.low, b.has_low) if _starts_before(a, b) else (a.low, a.has_low)
    high, has_high = (a.high, a.has_high) if _ends_before(a, b) else (b.high, b.has_high)
    return Interval(low, has_low=has_low, high=high, has_high=has_high)


def _starts_before(a: Interval, b: Interval) -> bool:
    if a.low is None or b.low is None:
        return a.low is None
    return bool(a.low < b.low or (a.low == b.low and a.has_low and not b.has_low))


def _ends_before(a: Interval, b: Interval) -> bool:
    if a.high is None or b.high is None:
        return b.high is None
    return bool(a.high < b.high or (a.high == b.high and b.has_high and not a.has_high))


def _joined(intervals: Range) -> Range:
    merged: list[Interval] = []
    for interval in _sorted(intervals):
        if merged and _touches(merged[-1], interval):
            merged[-1] = _spanning(merged[-1], interval)
        else:
            merged.append(interval)
    return tuple(merged)


def _sorted(intervals: Range) -> list[Interval]:
    ordered: list[Interval] = []
    for interval in intervals:
        place = next(
            (i for i, other in enumerate(ordered) if _starts_before(interval, other)), len(ordered)
        )
        ordered.insert(place, interval)
    return ordered


def _touches(a: Interval, b: Interval) -> bool:
    if a.high is None or b.low is None:
        return True
    return bool(b.low < a.high or (b.low == a.high and (a.has_high or b.has_low)))


def _spanning(a: Interval, b: Interval) -> Interval:
    last = b if _ends_before(a, b) else a
    return Interval(a.low, has_low=a.has_low, high=last.high, has_high=last.has_high)


def _is_covered(inner: Interval, joined: Range) -> bool:
    return any(_common(inner, outer) == inner for outer in joined)
