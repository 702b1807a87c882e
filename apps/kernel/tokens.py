"""Bearer tokens: they name their tenant, prove themselves by a secret, and are stored hashed."""

import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID

PREFIX = "aet"
TAIL = 4


@dataclass(frozen=True, slots=True)
class Minted:
    """A new token: `text` is shown once, `digest` and `tail` are kept."""

    text: str
    digest: str
    tail: str


def mint(*, kind: str, tenant_id: UUID) -> Minted:
    """Return a new token of one-letter `kind`, with 256 random bits."""
    text = f"{PREFIX}_{kind}_{tenant_id.hex}_{secrets.token_urlsafe(32)}"
    return Minted(text=text, digest=digest_of(text), tail=text[-TAIL:])


def digest_of(text: str) -> str:
    """Return the hex SHA-256 of a token; its secret has too many bits to guess."""
    return hashlib.sha256(text.encode()).hexdigest()


def tenant_of(text: str, *, kind: str) -> UUID | None:
    """Return the tenant a token of `kind` names, or None if it is not of that form."""
    parts = text.split("_", 3)
    if len(parts) != 4 or parts[0] != PREFIX or parts[1] != kind:
        return None
    try:
        return UUID(hex=parts[2])
    except ValueError:
        return None
