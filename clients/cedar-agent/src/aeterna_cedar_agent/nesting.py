"""Bounds on how deep Cedar text nests, checked before the engine's recursive parser sees it.

The engine's parser exhausts an 8 MiB stack, and with it the process, at about 630 nested
brackets; its validator and evaluator give up silently at about 1,600 chained operators. Text
below both limits here stays clear of all three.
"""

import re

MAX_BRACKETS = 100
MAX_DEPTH = 1_000

# Quick refusal of the search: text with this few characters that can nest is never too deep.
_DEEPENING = ("&&", "||", "+", "-", "*", ".", "if", "(", "[", "{", "<", "!")
_TOKEN = re.compile(
    r"""//[^\n\r]*                   # comment
      | "(?:\\.|[^"\\])*+"?          # string; an unclosed one swallows the rest, in one pass
      | \b[^\W\d]\w*                 # word
      | && | \|\| | [-+*.!,;(){}\[\]<>]
    """,
    re.VERBOSE,
)
_OPEN = frozenset("([{<")
_CLOSE = frozenset(")]}>")
_CHAINED = frozenset(("&&", "||", "+", "-", "*", ".", "!", "if"))


class TooDeepError(ValueError):
    """Cedar text that nests past what the engine can parse and evaluate safely."""


def check_policy_text(text: str) -> None:
    """Raise TooDeepError where a policy nests past MAX_BRACKETS or MAX_DEPTH."""
    if _may_exceed(text, limit=MAX_BRACKETS):
        _walk(text, angles=False)


def check_schema_text(text: str) -> None:
    """Raise TooDeepError where a schema nests past MAX_BRACKETS."""
    if _may_exceed(text, limit=MAX_BRACKETS):
        _walk(text, angles=True)


def _may_exceed(text: str, *, limit: int) -> bool:
    return sum(text.count(token) for token in _DEEPENING) > limit


def _walk(text: str, *, angles: bool) -> None:
    # Each open bracket holds [deepest finished sibling, running depth of this sibling].
    levels = [[0, 0]]
    for match in _TOKEN.finditer(text):
        mark = match.group()
        if mark in "<>" and not angles:
            continue
        if mark in _OPEN:
            levels.append([0, 0])
        elif mark in _CLOSE:
            _close(levels)
        elif mark in _CHAINED:
            levels[-1][1] += 1
        elif mark in ",;":
            _next_sibling(levels[-1])
        _check(levels)


def _close(levels: list[list[int]]) -> None:
    if len(levels) == 1:
        return
    inner = max(levels.pop())
    levels[-1][1] += inner + 1


def _next_sibling(level: list[int]) -> None:
    level[0] = max(level)
    level[1] = 0


def _check(levels: list[list[int]]) -> None:
    if len(levels) - 1 > MAX_BRACKETS:
        raise TooDeepError(f"nests more than {MAX_BRACKETS} brackets")
    if levels[-1][1] > MAX_DEPTH:
        raise TooDeepError(f"chains more than {MAX_DEPTH} operators in one expression")
