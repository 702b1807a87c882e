"""Requests that act in another company: where they want to be, and whether they may be there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self
from uuid import UUID

from django.http import HttpRequest
from django.middleware.csrf import rotate_token

from apps.kernel.authorization import Decision, authorize
from apps.kernel.elsewhere import outside_scope
from apps.kernel.errors import Forbidden
from apps.kernel.tenancy import acting_as, current_actor
from apps.orgs.queries import get_root

from . import queries
from .models import PlatformEntry
from .types import ENTERED

ENTER = "tenant.enter"


class NotEntered(Forbidden):
    """A platform administrator wants to act where they hold no live entry."""

    code = "not_entered"
    title = "Enter the company first"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A company to act in besides one's own; `company_id` is None where the name means none.

    `entry_id` is the one entry that is meant, or None for whichever is live.
    """

    company_id: UUID | None
    otherwise: str
    entry_id: UUID | None = None

    @classmethod
    def by_header(cls, slug: str, *, home_id: UUID) -> Self | None:
        """Return what the header means, or None if that is one's own company."""
        company_id = queries.find_company_id(slug)
        if company_id == home_id:
            return None
        text = f"Enter {slug} first: POST /api/v1/tenants/{slug}/enter with a reason."
        return cls(company_id=company_id, otherwise=text)

    @classmethod
    def by_session(cls, mark: Mapping[str, Any]) -> Self:
        """Return what a browser's session keeps since its person entered a company."""
        return cls(
            company_id=UUID(mark["tenant_id"]),
            otherwise=told_end(mark),
            entry_id=UUID(mark["entry_id"]),
        )


def told_end(mark: Mapping[str, Any]) -> str:
    """Return what somebody is told whose browser asks for something after a stay has ended."""
    return f"Your stay in {mark['company']} has ended. Nothing was done; you are back at home."


def begin_stay(request: HttpRequest, company: str, entry: PlatformEntry) -> None:
    """Let the browser's next requests act in `company`; forms shown before are good no more."""
    mark = {"company": company, "tenant_id": str(entry.tenant_id), "entry_id": str(entry.id)}
    request.session[ENTERED] = mark
    rotate_token(request)


def end_stay(request: HttpRequest) -> None:
    """Let the browser's next requests act at home; forms shown before are good no more."""
    # A form that was written in one company must never be carried out in another.
    if request.session.pop(ENTERED, None) is not None:
        rotate_token(request)


def admit(wanted: Wanted) -> PlatformEntry:
    """Return the live entry by which who acts, at home, may act in the company that is wanted.

    Forbidden for all but platform administrators, whatever the company; NotEntered for those.
    """
    home = get_root().as_resource()
    authorize(ENTER, home)
    entry = _find(wanted)
    if entry is None:
        decision = Decision(allowed=False, action=ENTER, resource=home, reason=wanted.otherwise)
        raise NotEntered(wanted.otherwise, decision=decision)
    return entry


def _find(wanted: Wanted) -> PlatformEntry | None:
    if wanted.company_id is None:
        return None
    actor = replace(current_actor(), tenant_id=wanted.company_id)
    with outside_scope(), acting_as(actor):
        entry = queries.find_entry(UUID(actor.principal.id))
    is_meant = entry is not None and wanted.entry_id in (None, entry.id)
    return entry if is_meant else None
