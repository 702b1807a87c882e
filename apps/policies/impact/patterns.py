"""Patterns of `like`: which texts they match, and texts that show what they tell apart."""

from collections.abc import Collection, Iterator, Sequence

Pattern = tuple[str | None, ...]
_WILD = "\x00"
_MOST = 8


def matches(pattern: Pattern, text: str) -> bool:
    """Return whether a text matches; None in a pattern stands for any characters or none."""
    runs = "".join(_WILD if part is None else part for part in pattern).split(_WILD)
    if len(runs) == 1:
        return text == runs[0]
    first, *middle, last = runs
    if not text.startswith(first):
        return False
    at = len(first)
    for run in middle:
        found = text.find(run, at)
        if found < 0:
            return False
        at = found + len(run)
    return len(text) - at >= len(last) and text.endswith(last)


def written(pattern: Pattern) -> str:
    """Return a pattern as it is written between quotes."""
    return "".join("*" if part is None else part.replace("*", "\\*") for part in pattern)


def examples(
    patterns: Sequence[Pattern], *, apart_from: Collection[str]
) -> dict[tuple[bool, ...], str]:
    """Return a text for each way of matching some and not others of the patterns that was found."""
    found: dict[tuple[bool, ...], str] = {}
    for text in _candidates(patterns):
        if text not in apart_from:
            found.setdefault(tuple(matches(one, text) for one in patterns), text)
    return found


def are_all_ways(patterns: Sequence[Pattern], ways: Collection[tuple[bool, ...]]) -> bool:
    """Return whether there is surely no other way of matching than these."""
    if len(patterns) > _MOST:
        return False
    every = range(2 ** len(patterns))
    vectors = (tuple(bool(at >> bit & 1) for bit in range(len(patterns))) for at in every)
    return all(way in ways or _is_impossible(patterns, way) for way in vectors)


def _candidates(patterns: Sequence[Pattern]) -> Iterator[str]:
    plain = [_filled(one, "x") for one in patterns]
    yield from plain
    yield from (_filled(one, "") for one in patterns)
    for one in patterns[:_MOST]:
        yield from (_filled(one, text) for text in plain[:_MOST])
        yield from (_filled(one, _filled(two, "")) for two in patterns[:_MOST])
    yield from ("other", "another", "else", "")


def _filled(pattern: Pattern, text: str) -> str:
    return "".join(text if part is None else part for part in pattern)


def _is_impossible(patterns: Sequence[Pattern], way: tuple[bool, ...]) -> bool:
    yes = [one for one, is_met in zip(patterns, way, strict=True) if is_met]
    no = [one for one, is_met in zip(patterns, way, strict=True) if not is_met]
    if any(_is_within(one, other) for one in yes for other in no):
        return True
    return any(_are_apart(one, other) for one in yes for other in yes)


def _is_within(one: Pattern, other: Pattern) -> bool:
    """Return whether all that matches `one` surely matches `other`."""
    return matches(other, _filled(one, "\x01"))


def _are_apart(one: Pattern, other: Pattern) -> bool:
    """Return whether nothing can match both, by how they begin and end."""
    starts = [_run(pattern) for pattern in (one, other)]
    ends = [_run(tuple(part and part[::-1] for part in reversed(p))) for p in (one, other)]
    return any(not a.startswith(b) and not b.startswith(a) for a, b in (tuple(starts), tuple(ends)))


def _run(pattern: Pattern) -> str:
    """Return the fixed text that a pattern begins with."""
    parts = []
    for part in pattern:
        if part is None:
            break
        parts.append(part)
    return "".join(parts)
