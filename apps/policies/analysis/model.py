"""A solver's answer, read back as the values of the world's functions."""

import re
from collections.abc import Mapping
from typing import Any

from .query import Query
from .terms import Term

_WORD = re.compile(r'"(?:[^"]|"")*"|[()]|[^\s()"]+')
_ESCAPE = re.compile(r"\\u\{([0-9A-Fa-f]+)\}|\\u([0-9A-Fa-f]{4})")


class Model:
    """What each function of the world gives at the arguments that were asked about."""

    def __init__(self, query: Query, answer: str) -> None:
        pairs = _read(answer)
        found = [_value(pair[1]) for pair in pairs]
        self._values = dict(zip((term.number for term in query.wanted()), found, strict=True))
        self.tables: dict[Any, dict[tuple[Any, ...], Any]] = {}
        for term in query.functions:
            args = tuple(self.value(arg) for arg in term.args)
            self.tables.setdefault(term.label, {})[args] = self.value(term)
        self.entities = {
            (term.sort[2:], self.value(term))
            for function in query.functions
            for term in (function, *function.args)
            if term.sort.startswith("E:")
        }

    def value(self, term: Term) -> Any:
        """Return a term's value; KeyError if it was not asked about."""
        return term.value if term.is_constant else self._values[term.number]

    def get(self, label: tuple[Any, ...], args: tuple[Any, ...] = ()) -> Any:
        """Return a function's value at arguments, None where nothing turns on it."""
        return self.tables.get(label, {}).get(args)

    def members(self, label: tuple[Any, ...], args: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Return the elements of a set of the world, each as its flat values."""
        table: Mapping[tuple[Any, ...], Any] = self.tables.get(("member", *label), {})
        size = len(args)
        return [held[size:] for held, is_in in table.items() if is_in and held[:size] == args]


def _read(text: str) -> Any:
    stack: list[list[Any]] = [[]]
    for word in _WORD.findall(text):
        if word == "(":
            stack.append([])
        elif word == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(word)
    return stack[0][0] if stack[0] else []


def _value(read: Any) -> Any:
    if isinstance(read, list):
        if read[0] == "-":
            return -int(read[1])
        return int(read[1].removeprefix("bv"))
    if read in ("true", "false"):
        return read == "true"
    if read.startswith('"'):
        return _ESCAPE.sub(
            lambda match: chr(int(match[1] or match[2], 16)), read[1:-1].replace('""', '"')
        )
    if read.startswith("#"):
        return int(read[2:], 2 if read[1] == "b" else 16)
    return int(read)
