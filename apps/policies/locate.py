"""Where a Cedar error is: cedarpy names what is wrong, this finds the line and column."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import cedarpy

from .places import place_of
from .tokens import Statement, Token, find_too_deep, problem_at, statements_of, tokens_of
from .types import Problem

UNFINISHED = "unexpected end of input"
EARLY_END = "unexpected token `;`"
UNEXPECTED = ("unexpected token", "invalid token")
FOLLOWS_FROM_UNKNOWN = "unable to find an applicable action"


def locate_errors(text: str, schema: cedarpy.Schema) -> list[Problem]:
    """Return every parse error, or else every validation error, of `text` with its place."""
    tokens = tokens_of(text)
    if not tokens:
        return [Problem(line=1, column=1, message="Write at least one policy statement.")]
    too_deep = find_too_deep(tokens)
    if too_deep:
        return [problem_at(text, too_deep.offset, too_deep.message)]
    statements = statements_of(tokens)
    if not _parse_error(text):
        return _slots(text, tokens) or _validation_problems(text, statements, schema)
    return [
        problem_at(text, *_parse_place(text, statement, error))
        for statement in statements
        if (error := _parse_error(text[statement.start : statement.end]))
    ]


def _parse_error(text: str) -> str:
    try:
        cedarpy.PolicySet.from_str(text)
    except ValueError as error:
        return str(error)
    return ""


def _parse_place(text: str, statement: Statement, error: str) -> tuple[int, str]:
    if error == UNFINISHED:
        return statement.end, "Unexpected end: the statement is not finished."
    if not error.startswith(UNEXPECTED):
        return place_of(error, statement.tokens), error
    token = _first_unexpected(text, statement)
    if token.text.startswith('"') and error == "invalid token":
        return token.start, "This string is not closed."
    return token.start, f"Unexpected `{token.text}`."


def _first_unexpected(text: str, statement: Statement) -> Token:
    # The grammar is LALR: a text is refused at the first token that nothing could complete, so
    # the shortest run of tokens refused for more than its early end has that token last, and can
    # be found by halving.
    tokens = statement.tokens
    low, high = 0, len(tokens) - 1
    while low < high:
        middle = (low + high) // 2
        error = _parse_error(f"{text[statement.start : tokens[middle].end]} ;")
        if error.startswith(UNEXPECTED) and error != EARLY_END:
            high = middle
        else:
            low = middle + 1
    return tokens[low]


def _slots(text: str, tokens: Sequence[Token]) -> list[Problem]:
    # A template is valid Cedar but decides nothing until it is linked, which agents do not do.
    message = "Template slots are not supported: name the principal or the resource."
    return [problem_at(text, token.start, message) for token in tokens if token.text[:1] == "?"]


def _validation_problems(
    text: str, statements: Sequence[Statement], schema: cedarpy.Schema
) -> list[Problem]:
    if cedarpy.validate_policies(text, schema).validation_passed:
        return []
    return [problem for s in statements for problem in _of_statement(text, s, schema)]


def _of_statement(text: str, statement: Statement, schema: cedarpy.Schema) -> Iterator[Problem]:
    result = cedarpy.validate_policies(text[statement.start : statement.end], schema)
    messages = [re.sub(r"^for policy `policy\d+`, ", "", error.error) for error in result.errors]
    is_unknown = any(message.startswith("unrecognized") for message in messages)
    said: Counter[str] = Counter()
    for message in messages:
        if is_unknown and message.startswith(FOLLOWS_FROM_UNKNOWN):
            continue
        place = place_of(message, statement.tokens, skip=said[message])
        said[message] += 1
        yield problem_at(text, place, message)
