"""The identity providers of this installation, by slug and by issuer."""

from django.conf import settings
from django.urls import reverse

from apps.kernel.environment import OidcProvider
from apps.kernel.errors import NotFound


def list_providers() -> tuple[OidcProvider, ...]:
    """Return the configured providers in the order of the settings."""
    providers: tuple[OidcProvider, ...] = settings.ENVIRONMENT.oidc_providers
    return providers


def get_provider(slug: str) -> OidcProvider:
    """Return the provider with this slug; raise NotFound."""
    provider = find_provider(slug)
    if provider is None:
        raise NotFound("There is no such identity provider.")
    return provider


def issuer_of(provider: OidcProvider) -> str:
    """Return the configured issuer without a trailing slash, which settings add to bare hosts."""
    return str(provider.issuer).rstrip("/")


def callback_url(provider: OidcProvider) -> str:
    """Return where the provider sends people back to; never taken from the Host header."""
    path = reverse("identity:callback", kwargs={"provider": provider.slug})
    return f"{settings.PUBLIC_URL}{path}"


def find_provider(slug: str) -> OidcProvider | None:
    """Return the provider with this slug, or None."""
    return next((provider for provider in list_providers() if provider.slug == slug), None)
