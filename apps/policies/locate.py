"""Where a Cedar error is: cedarpy names what is wrong, this finds the line and column."""

import re
from dataclasses import dataclass

import cedarpy

from .types import Problem

TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*)|(?P<string>"(?:\\.|[^"\\])*")|(?P<word>\??[A-Za-z_]\w*)|(?P<number>\d+)
    |(?P<mark>::|==|!=|<=|>=|&&|\|\||.)""",
    re.VERBOSE | re.DOTALL,
)
QUOTED = re.compile(r"`([^`]+)`|'([^']+)'|: (\w+)$")
UNFINISHED = "unexpected end of input"


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


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of `text` without spaces and comments."""
    return [
        Token(text=match.group(), start=match.start(), end=match.end())
        for match in TOKEN.finditer(text)
        if match.lastgroup != "skip"
    ]


def statements_of(text: str) -> list[Statement]:
    """Return the statements of `text`, split at the semicolons."""
    statements: list[Statement] = []
    current: list[Token] = []
    for token in tokens_of(text):
        current.append(token)
        if token.text == ";":
            statements.append(Statement(tokens=tuple(current)))
            current = []
    if current:
        statements.append(Statement(tokens=tuple(current)))
    return statements


def locate_errors(text: str, schema: cedarpy.Schema) -> list[Problem]:
    """Return every parse error, or else every validation error, of `text` with its place."""
    statements = statements_of(text)
    if not statements:
        return [Problem(line=1, column=1, message="Write at least one policy statement.")]
    broken = [(s, error) for s in statements if (error := _parse_error(text[s.start : s.end]))]
    if broken:
        return [_problem(text, _parse_offset(text, s, error), error) for s, error in broken]
    return _validation_problems(text, statements, schema)


def _parse_error(text: str) -> str:
    try:
        cedarpy.PolicySet.from_str(text)
    except ValueError as error:
        return str(error)
    return ""


def _parse_offset(text: str, statement: Statement, error: str) -> int:
    if error == UNFINISHED:
        return statement.end
    if error.startswith("unexpected token"):
        return _first_unexpected(text, statement)
    return _mentioned(statement, error)


def _first_unexpected(text: str, statement: Statement) -> int:
    # The grammar is LALR: a prefix that can still be completed ends in "unexpected end of input".
    for token in statement.tokens:
        if _parse_error(text[statement.start : token.end]).startswith("unexpected token"):
            return token.start
    return statement.start


def _mentioned(statement: Statement, error: str) -> int:
    names = {name for groups in QUOTED.findall(error) for name in groups if name}
    tails = {name.rsplit("::", 1)[-1] for name in names}
    for token in statement.tokens:
        if token.text in names | tails or token.text.strip('"') in names | tails:
            return token.start
    return statement.start


def _validation_problems(
    text: str, statements: list[Statement], schema: cedarpy.Schema
) -> list[Problem]:
    problems = []
    for statement in statements:
        result = cedarpy.validate_policies(text[statement.start : statement.end], schema)
        for error in result.errors:
            message = re.sub(r"^for policy `policy\d+`, ", "", error.error)
            problems.append(_problem(text, _mentioned(statement, message), message))
    return problems


def _problem(text: str, offset: int, message: str) -> Problem:
    before = text[:offset]
    line = before.count("\n") + 1
    column = offset - (before.rfind("\n") + 1) + 1
    return Problem(line=line, column=column, message=message[:1].upper() + message[1:])
