"""A webhook's address and secrets, sealed for its own company."""

from collections.abc import Sequence

from apps.kernel import clock
from apps.kernel.sealing import seal, unseal

from .models import Webhook

TAIL = 4


def keep_url(webhook: Webhook, url: str, *, host: str) -> None:
    """Put an address into `webhook`, readable only by the portal."""
    webhook.sealed_url = seal(url, purpose=_purpose(webhook))
    webhook.host, webhook.url_tail = host, url[-TAIL:]


def keep_secret(webhook: Webhook, secret: str) -> None:
    """Put a secret into `webhook`, readable only by the portal."""
    webhook.sealed_secret = seal(secret, purpose=_purpose(webhook))
    webhook.secret_tail = secret[-TAIL:]


def url_of(webhook: Webhook) -> str:
    """Return the address to send to."""
    return unseal(webhook.sealed_url, purpose=_purpose(webhook))


def keys_of(webhook: Webhook) -> Sequence[str]:
    """Return the secrets that sign now: the present one, and the old one while both are valid."""
    sealed = [webhook.sealed_secret]
    until = webhook.old_secret_until
    if webhook.sealed_old_secret and until is not None and until > clock.now():
        sealed.append(webhook.sealed_old_secret)
    return [unseal(one, purpose=_purpose(webhook)) for one in sealed]


def _purpose(webhook: Webhook) -> str:
    return f"webhook.{webhook.tenant_id}"
