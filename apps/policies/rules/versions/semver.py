"""Ranges of npm and Cargo: comparators over partial semantic versions."""

import re
from dataclasses import dataclass
from typing import Any

from ..types import Ecosystem
from .intervals import ANY, Interval, Range, exactly, intersect_all
from .order import version_of

PART = r"(?:0|[1-9][0-9]{0,15}|[xX*])"
PARTIAL = re.compile(
    rf"[v=]?\s*(?P<major>{PART})(?:\.(?P<minor>{PART})(?:\.(?P<patch>{PART})"
    r"(?P<pre>-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)?)?"
)
COMPARATOR = re.compile(rf"\s*(?P<op>\^|~>|~|<=|>=|<|>|=)?\s*(?P<version>{PARTIAL.pattern})\s*")
HYPHEN = re.compile(r"(?P<low>\S+)\s+-\s+(?P<high>\S+)")
ANYTHING = ("", "*", "x", "X")


@dataclass(frozen=True, slots=True)
class Partial:
    """A version with its last parts left out: None for a part that is not said."""

    major: int | None
    minor: int | None
    patch: int | None
    pre: str

    @property
    def is_whole(self) -> bool:
        return self.patch is not None

    @property
    def least(self) -> Any:
        return _version(self.major or 0, self.minor or 0, self.patch or 0, self.pre)

    @property
    def next(self) -> Any:
        """Return the first version past all that this one leaves open; None if nothing is."""
        if self.major is None:
            return None
        if self.minor is None:
            return _version(self.major + 1, 0, 0, "-0")
        return _version(self.major, self.minor + 1, 0, "-0")


def npm_range(text: str) -> Range:
    """Return the versions of a range as node-semver reads it; ValueError if it does not."""
    found: list[Interval] = []
    for part in text.split("||"):
        found += _npm_part(part.strip())
    return tuple(found)


def cargo_range(text: str) -> Range:
    """Return the versions of a Cargo requirement, where a bare version means `^`."""
    if text in ("", "*"):
        return ANY
    return intersect_all(_comparators(part, default="^", whole=text) for part in text.split(","))


def _npm_part(text: str) -> Range:
    if text in ANYTHING:
        return ANY
    hyphen = HYPHEN.fullmatch(text)
    if hyphen:
        low = _partial(hyphen["low"], text)
        high = _partial(hyphen["high"], text)
        return intersect_all([_compared(">=", low), _compared("<=", high)])
    return _comparators(text, default="=", whole=text)


def _comparators(text: str, *, default: str, whole: str) -> Range:
    ranges, index = [], 0
    while index < len(text):
        match = COMPARATOR.match(text, index)
        if not match:
            raise ValueError(f"{whole} is no range of versions")
        ranges.append(_compared(match["op"] or default, _of_match(match)))
        index = match.end()
    if not ranges:
        raise ValueError(f"{whole or 'nothing'} is no range of versions")
    return intersect_all(ranges)


def _partial(text: str, whole: str) -> Partial:
    match = PARTIAL.fullmatch(text)
    if not match:
        raise ValueError(f"{whole} is no range of versions")
    return _of_match(match)


def _of_match(match: re.Match[str]) -> Partial:
    major, minor, patch = (_number(match[name]) for name in ("major", "minor", "patch"))
    minor = None if major is None else minor
    patch = None if minor is None else patch
    return Partial(major=major, minor=minor, patch=patch, pre=match["pre"] or "")


def _number(given: str | None) -> int | None:
    return int(given) if given and given.isdecimal() else None


def _compared(op: str, version: Partial) -> Range:
    if version.major is None:
        return ANY if op not in ("<", ">") else ()
    if op in ("=", "~", "~>", "^"):
        return _around(op, version)
    if op == ">=":
        return (Interval(version.least, has_low=True),)
    if op == "<":
        least = version.least if version.is_whole else _floor(version)
        return (Interval(high=least),)
    if version.is_whole:
        end = version.least
        return (Interval(low=end),) if op == ">" else (Interval(high=end, has_high=True),)
    return (Interval(version.next, has_low=True),) if op == ">" else (Interval(high=version.next),)


def _around(op: str, version: Partial) -> Range:
    if op == "=" and version.is_whole:
        return exactly(version.least)
    end = _caret_end(version) if op == "^" else version.next
    return (Interval(version.least, has_low=True, high=end),)


def _caret_end(version: Partial) -> Any:
    major, minor, patch = version.major or 0, version.minor, version.patch
    if major or minor is None:
        return _version(major + 1, 0, 0, "-0")
    if minor or patch is None:
        return _version(0, minor + 1, 0, "-0")
    return _version(0, 0, patch + 1, "-0")


def _floor(version: Partial) -> Any:
    return _version(version.major or 0, version.minor or 0, 0, "-0")


def _version(major: int, minor: int, patch: int, pre: str) -> Any:
    return version_of(Ecosystem.NPM, f"{major}.{minor}.{patch}{pre}")
