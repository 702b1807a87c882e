"""Validating a provider's tokens: signature, issuer, audience and every time they carry.

OpenID Connect Core 1.0 §3.1.3.7; RFC 9068 §4 for access tokens.
"""

import secrets
from collections.abc import Sequence
from typing import Any

import jwt

from apps.kernel.environment import OidcProvider

from .directory import directory_of
from .errors import BadToken

LEEWAY_SECONDS = 60
REQUIRED = ("exp", "iat", "sub", "aud", "iss")


def read_token(
    provider: OidcProvider, text: str, *, audience: str, required: Sequence[str] = REQUIRED
) -> dict[str, Any]:
    """Return the claims of a token of `provider` that is meant for `audience`, else BadToken."""
    try:
        header = jwt.get_unverified_header(text)
        key = directory_of(provider).key(header)
        claims = jwt.decode(
            text,
            key,
            algorithms=[header["alg"]],
            audience=audience,
            issuer=directory_of(provider).metadata().issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": list(required)},
        )
    except jwt.PyJWTError as error:
        raise BadToken(f"The token is not valid: {error}.") from error
    return dict(claims)


def read_id_token(provider: OidcProvider, text: str, *, nonce: str) -> dict[str, Any]:
    """Return the claims of an ID token that answers the request which sent `nonce`."""
    claims = read_token(provider, text, audience=provider.client_id)
    if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise BadToken("The token answers another request.")
    party = claims.get("azp")
    is_shared = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (party is not None or is_shared) and party != provider.client_id:
        raise BadToken("The token was issued to another application.")
    return claims


def unverified_issuer(text: str) -> str | None:
    """Return whom a token claims to come from, only to choose which keys must verify it."""
    try:
        claims = jwt.decode(text, options={"verify_signature": False})
    except jwt.PyJWTError:
        return None
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) else None
