"""Vocabulary of identities and tokens."""

from enum import StrEnum


class TokenKind(StrEnum):
    """The letter that a token of each kind carries."""

    PERSONAL = "p"
    SERVICE = "s"


MAX_TOKEN_DAYS = 365
