"""Exact look-ups that work before any tenant is known."""

from uuid import UUID

from django.db import connections

from apps.kernel.tenancy import APP

from ..models import Bootstrap


def find_company_id(slug: str) -> UUID | None:
    """Return the tenant whose company has exactly this slug, or None."""
    with connections[APP].cursor() as cursor:
        cursor.execute("SELECT find_company_by_slug(%s)", [slug])
        found: UUID | None = cursor.fetchone()[0]
    return found


def find_local_sign_ins(email: str) -> list[tuple[UUID, UUID]]:
    """Return (tenant id, user id) of active people with a password and this e-mail address."""
    with connections[APP].cursor() as cursor:
        cursor.execute("SELECT tenant_id, user_id FROM find_local_sign_in(%s)", [email])
        return sorted(cursor.fetchall())


def find_bootstrap() -> Bootstrap | None:
    """Return the record of this installation's bootstrap, or None before it happened."""
    return Bootstrap.objects.first()
