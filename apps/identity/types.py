"""Vocabulary of identities, sessions and tokens."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class TokenKind(StrEnum):
    """The letter that a token of each kind carries."""

    PERSONAL = "p"
    SERVICE = "s"


MAX_TOKEN_DAYS = 365
TOKEN_USE_RESOLUTION = timedelta(minutes=1)
"""How exactly it is known when a token was last used."""

ENTRY_LASTS = timedelta(hours=1)
"""How long a platform administrator may act in a company that they entered."""
SHORTEST_REASON, LONGEST_REASON = 10, 500
ENTERED = "entered"
"""Where a browser's session keeps the company that it entered."""
COMPANY_HEADER = "Aeterna-Company"
"""The header by which a request says in which company it acts."""

PASSWORD = "password"  # noqa: S105 - the name of a way to sign in
READ = "read"
"""The token scope that means every action of `READ_VERBS`."""
READ_VERBS = frozenset({"view", "list", "search", "explain", "simulate", "validate", "query"})


@dataclass(frozen=True, slots=True)
class SignInMethod:
    """How somebody signed in: `name` is a provider's slug or `password`; the rest is optional.

    `subject` and `sid` are the raw claims that a provider's logout names the session by.
    """

    name: str
    issuer: str = ""
    subject: str = ""
    sid: str = ""
    id_token: str = ""
    browser: str = ""
    address: str | None = None
    request_id: str = ""
