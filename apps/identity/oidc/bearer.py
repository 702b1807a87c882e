"""Access tokens of identity providers as bearers of the REST API."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt

from apps.kernel.environment import OidcProvider

from ..queries import find_company_id
from .claims import subject_of
from .errors import BadToken, ProviderUnavailable
from .providers import issuer_of, list_providers
from .validation import read_token, unverified_issuer

TYPES = ("", "jwt", "at+jwt", "application/at+jwt")
# An ID token or a logout token carries these; neither may open the API.
FOREIGN_CLAIMS = ("nonce", "at_hash", "c_hash", "events")


@dataclass(frozen=True, slots=True)
class KnownIdentity:
    """Whom a validated access token speaks for, and in which tenant to look for them."""

    tenant_id: UUID
    issuer: str
    subject: str


def read_access_token(text: str) -> KnownIdentity | None:
    """Return whom a JWT access token speaks for, or None if no provider of ours vouches for it."""
    if text.count(".") != 2:
        return None
    issuer = unverified_issuer(text)
    for provider in list_providers():
        if provider.api_audience and issuer and issuer_of(provider) == issuer.rstrip("/"):
            known = _read(provider, text)
            if known is not None:
                return known
    return None


def _read(provider: OidcProvider, text: str) -> KnownIdentity | None:
    try:
        claims = read_token(provider, text, audience=str(provider.api_audience))
        _require_access_token(text, claims)
        subject = subject_of(provider, claims)
    except (BadToken, ProviderUnavailable):
        return None
    tenant_id = find_company_id(provider.company)
    if tenant_id is None:
        return None
    return KnownIdentity(tenant_id=tenant_id, issuer=claims["iss"], subject=subject)


def _require_access_token(text: str, claims: dict[str, Any]) -> None:
    kind = str(jwt.get_unverified_header(text).get("typ", "")).lower()
    if kind not in TYPES or any(name in claims for name in FOREIGN_CLAIMS):
        raise BadToken("This is no access token.")
