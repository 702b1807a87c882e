"""Logout at the provider, in both directions.

OpenID Connect RP-Initiated Logout 1.0 and Back-Channel Logout 1.0.
"""

import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import jwt
from django.conf import settings
from django.core.cache import cache

from apps.kernel.environment import OidcProvider

from .directory import directory_of
from .errors import BadToken, ProviderUnavailable
from .validation import LEEWAY_SECONDS, read_token

EVENT = "http://schemas.openid.net/event/backchannel-logout"
REQUIRED = ("iss", "aud", "iat", "jti", "events")
TYPES = ("", "jwt", "logout+jwt", "application/logout+jwt")
MAX_AGE_SECONDS = 300
"""A logout token older than this says nothing, so its `jti` need not be remembered longer."""


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """Which sessions a provider ends: of `sid`, of `subject`, or of both."""

    issuer: str
    sid: str
    subject: str


def read_logout_token(provider: OidcProvider, text: str) -> LogoutRequest:
    """Return what a logout token asks for, once per token; BadToken if it is not valid."""
    claims = read_token(provider, text, audience=provider.client_id, required=REQUIRED)
    _require_logout(text, claims)
    sid, subject = claims.get("sid") or "", claims.get("sub") or ""
    if not isinstance(sid, str) or not isinstance(subject, str) or not (sid or subject):
        raise BadToken("The logout token names neither a session nor a person.")
    _require_first_use(provider, str(claims["jti"]))
    return LogoutRequest(issuer=claims["iss"], sid=sid, subject=subject)


def logout_url(provider: OidcProvider, *, id_token: str) -> str | None:
    """Return where to end the session at the provider, or None if it offers no such place."""
    try:
        endpoint = directory_of(provider).metadata().end_session_endpoint
    except ProviderUnavailable:
        return None
    if endpoint is None:
        return None
    query = urlencode(
        {
            "id_token_hint": id_token,
            "client_id": provider.client_id,
            "post_logout_redirect_uri": f"{settings.PUBLIC_URL}{settings.LOGIN_URL}",
        }
    )
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{query}"


def _require_logout(text: str, claims: dict[str, Any]) -> None:
    kind = str(jwt.get_unverified_header(text).get("typ", "")).lower()
    events = claims["events"]
    if kind not in TYPES or not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise BadToken("This is no logout token.")
    if "nonce" in claims:
        raise BadToken("A logout token carries no nonce.")
    if time.time() - int(claims["iat"]) > MAX_AGE_SECONDS:
        raise BadToken("The logout token is too old.")


def _require_first_use(provider: OidcProvider, jti: str) -> None:
    name = sha256(f"{provider.slug} {jti}".encode()).hexdigest()
    if not cache.add(f"logout:{name}", 1, timeout=MAX_AGE_SECONDS + 2 * LEEWAY_SECONDS):
        raise BadToken("The logout token was used before.")
