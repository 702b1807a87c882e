"""Reads of what identity providers know people as."""

from uuid import UUID

from apps.orgs.queries import list_users

from ..models import ExternalIdentity


def find_identity(*, issuer: str, subject: str) -> ExternalIdentity | None:
    """Return the identity of exactly this issuer and subject with its person, or None."""
    rows = ExternalIdentity.objects.select_related("user")
    found: ExternalIdentity | None = rows.filter(issuer=issuer, subject=subject).first()
    return found


def find_user_id(email: str) -> UUID | None:
    """Return whose e-mail address this is in the tenant; for telling them, never for entry."""
    user = list_users(include_deactivated=True).filter(email=email.lower()).first()
    return user.id if user else None
