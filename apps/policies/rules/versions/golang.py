"""Ranges of Go modules: comparisons, all of which hold, with `||` between alternatives."""

import re

from ..types import Ecosystem
from .intervals import ANY, Interval, Range, exactly, intersect_all
from .order import version_of

COMPARISON = re.compile(r"\s*(<=|>=|<|>|=)?\s*(v?[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*)\s*,?\s*")


def go_range(text: str) -> Range:
    """Return the versions of a range such as `>=v1.2.0, <v1.4.3`; ValueError if it is none."""
    if text in ("", "*"):
        return ANY
    found: list[Interval] = []
    for part in text.split("||"):
        found += _part(part.strip(), text)
    return tuple(found)


def _part(text: str, whole: str) -> Range:
    ranges: list[Range] = []
    index = 0
    while index < len(text) or not ranges:
        match = COMPARISON.match(text, index)
        if not match:
            raise ValueError(f"{whole} is no range of versions, such as >=v1.2.0, <v1.4.3")
        ranges.append(_compared(match[1] or "=", match[2]))
        index = match.end()
    return intersect_all(ranges)


def _compared(op: str, text: str) -> Range:
    version = version_of(Ecosystem.GO, text)
    if op == "=":
        return exactly(version)
    if op.startswith(">"):
        return (Interval(version, has_low=op == ">="),)
    return (Interval(high=version, has_high=op == "<="),)
