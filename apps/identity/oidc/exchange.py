"""Turning an authorization code into a person: mozilla-django-oidc held to one provider.

The library verifies neither audience, issuer nor expiry, matches people by e-mail and reads one
provider from global settings; everything of that is replaced here.
"""

from dataclasses import dataclass
from typing import Any

import requests
import structlog
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from apps.kernel.environment import OidcProvider

from .directory import TIMEOUT_SECONDS, Metadata, directory_of
from .errors import BadToken, ProviderUnavailable
from .providers import callback_url
from .validation import read_id_token

logger = structlog.get_logger(__name__)
MISSING = object()


@dataclass(frozen=True, slots=True)
class Identified:
    """Who came back from a provider: validated ID token claims, completed by userinfo."""

    claims: dict[str, Any]
    id_claims: dict[str, Any]
    id_token: str


class ProviderBackend(OIDCAuthenticationBackend):  # type: ignore[misc]
    """The library's code exchange with one provider's settings and strict validation."""

    def __init__(self, provider: OidcProvider) -> None:
        self.provider = provider
        self.settings = provider_settings(provider, directory_of(provider).metadata())
        super().__init__()

    def get_settings(self, attr: str, *args: Any) -> Any:
        """Return the provider's setting; never a global one."""
        return setting(self.settings, attr, *args)

    def get_token(self, payload: dict[str, Any]) -> Any:
        """Exchange the code; the redirect address is ours, not what the Host header says."""
        answer = super().get_token({**payload, "redirect_uri": callback_url(self.provider)})
        if not isinstance(answer, dict) or not isinstance(answer.get("id_token"), str):
            raise BadToken("The provider sent no ID token.")
        return answer

    def verify_token(self, token: str, **kwargs: Any) -> dict[str, Any]:
        """Return the claims of a valid ID token that answers `nonce`."""
        return read_id_token(self.provider, token, nonce=kwargs["nonce"])

    def get_userinfo(self, access_token: str, id_token: str, payload: Any) -> dict[str, Any]:
        """Return more claims about the same person; none without a userinfo endpoint."""
        if not self.OIDC_OP_USER_ENDPOINT or not access_token:
            return {}
        answer = requests.get(
            self.OIDC_OP_USER_ENDPOINT,
            headers={"Authorization": f"Bearer {access_token}", "Accept": "application/json"},
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
        answer.raise_for_status()
        found = answer.json()
        if not isinstance(found, dict) or found.get("sub") != payload["sub"]:
            raise BadToken("The provider's userinfo is about somebody else.")
        return found

    def get_or_create_user(self, access_token: str, id_token: str, payload: Any) -> Identified:
        """Return who signed in; which person of ours that is, their issuer and subject tell."""
        userinfo = self.get_userinfo(access_token, id_token, payload)
        return Identified(claims={**userinfo, **payload}, id_claims=payload, id_token=id_token)


def identify(
    request: HttpRequest, provider: OidcProvider, *, nonce: str, code_verifier: str
) -> Identified:
    """Return who came back with the code in `request`; BadToken or ProviderUnavailable."""
    backend = ProviderBackend(provider)
    try:
        found = backend.authenticate(request, nonce=nonce, code_verifier=code_verifier)
    except (requests.RequestException, ValueError) as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        logger.warning("code exchange failed", provider=provider.slug, status=status)
        raise ProviderUnavailable("The identity provider refused or did not answer.") from error
    except (SuspiciousOperation, KeyError, TypeError) as error:
        raise BadToken("The identity provider's answer is malformed.") from error
    if not isinstance(found, Identified):
        raise BadToken("The identity provider's answer is incomplete.")
    return found


def provider_settings(provider: OidcProvider, metadata: Metadata) -> dict[str, Any]:
    """Return the library's settings for one provider."""
    return {
        "OIDC_OP_AUTHORIZATION_ENDPOINT": metadata.authorization_endpoint,
        "OIDC_OP_TOKEN_ENDPOINT": metadata.token_endpoint,
        "OIDC_OP_USER_ENDPOINT": metadata.userinfo_endpoint,
        "OIDC_OP_JWKS_ENDPOINT": metadata.jwks_uri,
        "OIDC_RP_CLIENT_ID": provider.client_id,
        "OIDC_RP_CLIENT_SECRET": provider.client_secret.get_secret_value(),
        "OIDC_RP_SIGN_ALGO": "RS256",
        "OIDC_RP_SCOPES": provider.scopes,
        "OIDC_USE_PKCE": True,
        "OIDC_PKCE_CODE_CHALLENGE_METHOD": "S256",
        "OIDC_TIMEOUT": TIMEOUT_SECONDS,
        "OIDC_VERIFY_SSL": True,
        "OIDC_AUTHENTICATION_CALLBACK_URL": "identity:sign-in",
    }


def setting(known: dict[str, Any], name: str, *default: Any) -> Any:
    """Return a setting of `known`, else the library's default; ImproperlyConfigured without."""
    if name in known:
        return known[name]
    if default:
        return default[0]
    raise ImproperlyConfigured(f"Setting {name} not found")
