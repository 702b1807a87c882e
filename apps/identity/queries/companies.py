"""Exact look-ups that work before any tenant is known."""

import re
from uuid import UUID

from django.db import connections

from apps.kernel.tenancy import APP
from apps.orgs.types import SLUG_PATTERN

from ..models import Bootstrap


def find_company_id(slug: str) -> UUID | None:
    """Return the tenant whose company has exactly this slug, or None, also if it cannot be one."""
    if not re.fullmatch(SLUG_PATTERN, slug):
        return None
    with connections[APP].cursor() as cursor:
        cursor.execute("SELECT find_company_by_slug(%s)", [slug])
        found: UUID | None = cursor.fetchone()[0]
    return found


def reserve_slug(slug: str) -> bool:
    """Tell whether no company has this slug, and keep it so until the transaction ends."""
    # Each company's slug is in another tenant, where no constraint of the table reaches.
    with connections[APP].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"slug {slug}"])
    return find_company_id(slug) is None


def find_local_sign_ins(email: str) -> list[tuple[UUID, UUID]]:
    """Return (tenant id, user id) of active people with a password and this e-mail address."""
    with connections[APP].cursor() as cursor:
        cursor.execute("SELECT tenant_id, user_id FROM find_local_sign_in(%s)", [email])
        return sorted(cursor.fetchall())


def find_bootstrap() -> Bootstrap | None:
    """Return the record of this installation's bootstrap, or None before it happened."""
    return Bootstrap.objects.first()
