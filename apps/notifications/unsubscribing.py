"""The links that end an e-mail without sign-in: they name one person and one choice, no more."""

from dataclasses import dataclass
from uuid import UUID

from django.core import signing
from django.urls import reverse

from apps.kernel.errors import NotFound

from .types import DEFAULTS, Choice, Group

SALT = "aeterna.unsubscribe"
DIGEST = "digest"
"""What a link names that ends the digest, whichever groups are in it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Who no longer wants which e-mail."""

    tenant_id: UUID
    user_id: UUID
    topic: str

    def choices(self, present: dict[Group, Choice]) -> dict[str, str]:
        """Return the choices that end it, given those that hold now."""
        if self.topic != DIGEST:
            return {self.topic: Choice.PORTAL}
        return {g: Choice.PORTAL for g, choice in present.items() if choice == Choice.DIGEST}


def unsubscribe_path(wish: Wish) -> str:
    """Return the address of the page that ends it."""
    token = signing.dumps([wish.tenant_id.hex, wish.user_id.hex, wish.topic], salt=SALT)
    return reverse("unsubscribe:unsubscribe", args=[token])


def read_wish(token: str) -> Wish:
    """Return what a link asks; NotFound unless the portal signed it."""
    try:
        tenant, user, topic = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise NotFound("There is nothing at this address.") from error
    if topic != DIGEST and topic not in DEFAULTS:
        raise NotFound("There is nothing at this address.")
    return Wish(tenant_id=UUID(tenant), user_id=UUID(user), topic=topic)
