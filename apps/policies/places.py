"""Which token an error of Cedar's is about: its message names what is wrong, never where."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from .tokens import Token

LARGEST = 2**63 - 1
NAMED = re.compile(r"""`((?:[^`"]|"(?:\\.|[^"\\])*")+)`|'([^']+)'|: @?([\w:]+)$""")


@dataclass(frozen=True, slots=True)
class Piece:
    """A token between its neighbours, empty at the ends."""

    token: Token
    before: str
    after: str


Fits = Callable[[Piece, str], bool]


def _any(piece: Piece, name: str) -> bool:
    return name in (piece.token.text, piece.token.text.strip('"'))


def _attribute(piece: Piece, name: str) -> bool:
    return _any(piece, name) and piece.before in (".", "[")


def _call(piece: Piece, name: str) -> bool:
    return piece.token.text == name and piece.after == "("


def _variable(piece: Piece, name: str) -> bool:
    is_key = piece.before in ("{", ",") and piece.after == ":"
    is_part = piece.before in (".", "has", "::") or piece.after in ("::", "(")
    return piece.token.text == name and not is_key and not is_part


def _head(piece: Piece, name: str) -> bool:
    return piece.token.text == name and piece.after in ("(", "{")


def _annotation(piece: Piece, name: str) -> bool:
    return piece.token.text == name and piece.before == "@"


def _key(piece: Piece, name: str) -> bool:
    return _any(piece, name) and piece.after == ":"


def _escape(piece: Piece, name: str) -> bool:
    return piece.token.text.startswith('"') and name in piece.token.text


def _large(piece: Piece, _name: str) -> bool:
    return piece.token.text.isdecimal() and int(piece.token.text) > LARGEST


def _empty_set(piece: Piece, _name: str) -> bool:
    return piece.token.text == "[" and piece.after == "]"


def _word(word: str) -> Fits:
    return lambda piece, _name: piece.token.text == word


# What a message says, how the token it is about looks, and which of the fitting ones it is.
RULES: tuple[tuple[str, Fits, int], ...] = (
    ("is not a valid escape", _escape, 0),
    ("too large", _large, 0),
    ("empty set literals", _empty_set, 0),
    ("not a valid method", _call, 0),
    ("not a valid function", _call, 0),
    ("invalid variable", _variable, 0),
    ("invalid policy effect", _head, 0),
    ("invalid policy condition", _head, 0),
    ("duplicate annotation", _annotation, 1),
    ("duplicate key", _key, 1),
    ("attribute", _attribute, 0),
    ("division is not", _word("/"), 0),
    ("modulo is not", _word("%"), 0),
    ("applicable action", _word("action"), 0),
)


def place_of(message: str, tokens: Sequence[Token], *, skip: int = 0) -> int:
    """Return the offset of the token that `message` is about, in one statement's tokens.

    The `skip`-th later place is taken where the same message was given before; without any
    place that fits, the statement's first condition, or else its start.
    """
    names = [_tail(name) for found in NAMED.findall(message) for name in found if name] or [""]
    for words, fits, nth in RULES:
        if words in message:
            places = list(_fitting(tokens, fits, names[0]))
            if places:
                return places[min(nth + skip, len(places) - 1)]
    for name in names:
        places = list(_fitting(tokens, _any, name))
        if places:
            return places[min(skip, len(places) - 1)]
    return next((t.start for t in tokens if t.text in ("when", "unless")), tokens[0].start)


def _fitting(tokens: Sequence[Token], fits: Fits, name: str) -> Iterator[int]:
    for index, token in enumerate(tokens):
        before = tokens[index - 1].text if index else ""
        after = tokens[index + 1].text if index + 1 < len(tokens) else ""
        if fits(Piece(token=token, before=before, after=after), name):
            yield _path_start(tokens, index)


def _path_start(tokens: Sequence[Token], index: int) -> int:
    while index >= 2 and tokens[index - 1].text == "::":
        index -= 2
    return tokens[index].start


def _tail(name: str) -> str:
    quote = name.find('"')
    return name[quote:] if quote >= 0 else name.rsplit("::", 1)[-1]
