"""Reads of the stays of platform administrators in companies that are not theirs."""

from uuid import UUID

from apps.kernel import clock

from ..models import PlatformEntry


def find_entry(administrator_id: UUID, *, for_update: bool = False) -> PlatformEntry | None:
    """Return the live entry of one administrator into the company in scope, or None."""
    rows = PlatformEntry.objects.live(clock.now()).filter(administrator_id=administrator_id)
    found: PlatformEntry | None = (rows.select_for_update() if for_update else rows).first()
    return found


def entries_of(administrator_id: UUID) -> dict[UUID, PlatformEntry]:
    """Return the live entries of one administrator by company; for `across_tenants`."""
    rows = PlatformEntry.objects.live(clock.now()).filter(administrator_id=administrator_id)
    return {entry.tenant_id: entry for entry in rows}
