"""Version ranges of Maven: brackets, `[1.0,2.0)`, several of them joined by commas."""

import re
from typing import Any

from ..types import Ecosystem
from .intervals import ANY, Interval, Range, exactly
from .order import version_of

BRACKETS = re.compile(r"\s*([\[(])\s*([^\[\](),]*?)\s*(?:(,)\s*([^\[\](),]*?)\s*)?([\])])\s*,?\s*")


def maven_range(text: str) -> Range:
    """Return the versions of bracket ranges; ValueError if it is none, or a bare version."""
    if text in ("", "*"):
        return ANY
    if text[0] not in "[(":
        raise ValueError(
            f"{text} alone is only a recommendation in Maven: write [{text}] for exactly that "
            f"version, or [{text},) for it and all above"
        )
    found, index = [], 0
    while index < len(text):
        match = BRACKETS.match(text, index)
        if not match:
            raise ValueError(f"{text} is no range of versions, such as [1.0,2.0)")
        found.append(_interval(match, text))
        index = match.end()
    return tuple(one for one in found if not one.is_empty)


def _interval(match: re.Match[str], text: str) -> Interval:
    opening, low, comma, high, closing = match.groups()
    if not comma:
        if (opening, closing) != ("[", "]") or not low:
            raise ValueError(f"{text} is no range of versions, such as [1.0,2.0)")
        return exactly(_made(low))[0]
    return Interval(
        _made(low) if low else None,
        has_low=opening == "[" and bool(low),
        high=_made(high) if high else None,
        has_high=closing == "]" and bool(high),
    )


def _made(text: str) -> Any:
    return version_of(Ecosystem.MAVEN, text)
