"""The tokens and statements of Cedar text, cut as Cedar's own lexer cuts them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .types import Problem

# An unclosed string swallows the rest of the text, in one pass; \r alone ends a comment too.
TOKEN = re.compile(
    r"""(?P<skip>[^\S\x1c-\x1f]+|//[^\n\r]*)|(?P<string>"(?:\\.|[^"\\])*+"?)
    |(?P<word>\??[A-Za-z_][A-Za-z0-9_]*)|(?P<number>[0-9]+)|(?P<mark>::|==|!=|<=|>=|&&|\|\||.)""",
    re.VERBOSE | re.DOTALL,
)
LINE_END = re.compile(r"\r\n?|\n")
EFFECTS = ("permit", "forbid")
OPENING, CLOSING = frozenset("([{"), frozenset(")]}")
CHAINED = frozenset(("&&", "||", "+", "-", "*", ".", "!", "if"))
# Far below where the engine's recursive parser exhausts its stack and with it the process
# (about 630 brackets), and where its validator gives up silently (about 1600 operators).
MAX_BRACKETS, MAX_OPERATORS = 100, 1000


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of Cedar text that is neither space nor comment; offsets are in characters."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One policy statement with its tokens; the last one may lack its semicolon."""

    tokens: tuple[Token, ...]

    @property
    def start(self) -> int:
        return self.tokens[0].start

    @property
    def end(self) -> int:
        return self.tokens[-1].end

    @property
    def effect(self) -> Token:
        """Return the word permit or forbid; where there is none, as no engine reads, the last."""
        # An annotation before it may be named so too.
        before = [self.tokens[-1], *self.tokens]
        pairs = zip(before, self.tokens, strict=False)
        found = (word for mark, word in pairs if word.text in EFFECTS and mark.text != "@")
        return next(found, self.tokens[-1])

    @property
    def head_end(self) -> int:
        """Return where the brackets that say who, what and on what are closed."""
        depth = 0
        for token in self.tokens[self.tokens.index(self.effect) :]:
            depth += (token.text == "(") - (token.text == ")")
            if token.text == ")" and not depth:
                return token.end
        return self.end


@dataclass(frozen=True, slots=True)
class TooDeep:
    """Where an expression nests or chains past what the engine can take, and what to do."""

    offset: int
    message: str


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of `text` without spaces and comments."""
    return [
        Token(text=match.group(), start=match.start(), end=match.end())
        for match in TOKEN.finditer(text)
        if match.lastgroup != "skip"
    ]


def statements_of(tokens: Sequence[Token]) -> list[Statement]:
    """Return the statements that `tokens` form, split at the semicolons."""
    statements: list[Statement] = []
    current: list[Token] = []
    for token in tokens:
        current.append(token)
        if token.text == ";":
            statements.append(Statement(tokens=tuple(current)))
            current = []
    if current:
        statements.append(Statement(tokens=tuple(current)))
    return statements


def find_too_deep(tokens: Sequence[Token]) -> TooDeep | None:
    """Return where the expression nests deeper than any agent would parse, or None."""
    # Each open bracket holds [deepest finished sibling, running depth of this sibling].
    levels = [[0, 0]]
    for token in tokens:
        _step(levels, token.text)
        if len(levels) - 1 > MAX_BRACKETS:
            return TooDeep(token.start, f"Nests more than {MAX_BRACKETS} brackets.")
        if levels[-1][1] > MAX_OPERATORS:
            message = f"Chains more than {MAX_OPERATORS} operators; use sets or several policies."
            return TooDeep(token.start, message)
    return None


def _step(levels: list[list[int]], mark: str) -> None:
    if mark in OPENING:
        levels.append([0, 0])
    elif mark in CLOSING and len(levels) > 1:
        inner = max(levels.pop())
        levels[-1][1] += inner + 1
    elif mark in CHAINED:
        levels[-1][1] += 1
    elif mark in (",", ";"):
        levels[-1] = [max(levels[-1]), 0]


def problem_at(text: str, offset: int, message: str) -> Problem:
    """Return `message` with the line and column of a character; both count from 1."""
    starts = [0, *(match.end() for match in LINE_END.finditer(text, 0, offset))]
    column = offset - starts[-1] + 1
    return Problem(line=len(starts), column=column, message=message[:1].upper() + message[1:])
