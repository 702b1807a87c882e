"""Permitting at once and for minutes what no policy permits; somebody else reviews it."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.errors import Conflict, Invalid
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_actor
from apps.orgs import queries as orgs
from apps.orgs.checks import TEXT_LENGTH, clean_text

from .. import queries
from ..glass import cedar_of, read_grant, standing_of, uid_of
from ..models import BreakGlass
from ..types import BREAK_GLASS_MINUTES, MAX_BREAK_GLASS_MINUTES, BreakGlassState
from .revisions import publish


@operation("break_glass.open")
def open_break_glass(
    *,
    principals: Sequence[str],
    actions: Sequence[str],
    resources: Sequence[str],
    reason: str,
    minutes: int = BREAK_GLASS_MINUTES,
) -> BreakGlass:
    """Permit this at every agent for `minutes`, from the next revision on.

    Passes no forbid. Conflict where the policies permit all of it already.
    """
    root = orgs.get_root()
    authorize("break_glass.open", root.as_resource())
    why = clean_text(reason, field="reason", limit=TEXT_LENGTH)
    if not 1 <= minutes <= MAX_BREAK_GLASS_MINUTES:
        raise Invalid(fields={"minutes": [f"Choose 1 to {MAX_BREAK_GLASS_MINUTES} minutes."]})
    grant = read_grant(principals=principals, actions=actions, resources=resources)
    if all(one.is_allowed for one in standing_of(grant)):
        raise Conflict("The policies in force permit all of this already.")
    # Agents know whole seconds: what people read here is when it ends there.
    moment = clock.now().replace(microsecond=0)
    glass: BreakGlass = BreakGlass.objects.create(
        scope=root,
        author=orgs.get_acting_user(),
        reason=why,
        principals=[name for _, name in grant.principals],
        actions=list(grant.actions),
        resources=[uid_of(*resource) for resource in grant.resources],
        cedar=cedar_of(grant),
        started_at=moment,
        ends_at=moment + timedelta(minutes=minutes),
    )
    after = {"cedar": glass.cedar, "ends_at": glass.ends_at}
    emit("break_glass.opened", resource=glass.as_resource(), change=Change(after=after, reason=why))
    publish(reason=f"break-glass until {glass.ends_at:%H:%M:%S} UTC: {why}")
    return glass


@operation("break_glass.end")
def end_break_glass(*, glass_id: UUID, reason: str = "") -> BreakGlass:
    """Publish a revision without it; an administrator's, or the timekeeper's in due time."""
    glass = queries.get_break_glass(glass_id, for_update=True)
    authorize("break_glass.end", glass.as_resource())
    why = clean_text(reason, field="reason", limit=TEXT_LENGTH, required=False)
    if glass.state != BreakGlassState.OPEN:
        raise Conflict(f"This break-glass is already {glass.state}.")
    _end(glass, why=why)
    return glass


@operation("break_glass.review")
def review_break_glass(*, glass_id: UUID, note: str) -> BreakGlass:
    """Close it with what another administrator found; ends it first where it is still open."""
    glass = queries.get_break_glass(glass_id, for_update=True)
    authorize("break_glass.review", glass.as_resource())
    found = clean_text(note, field="note", limit=TEXT_LENGTH)
    if glass.state == BreakGlassState.REVIEWED:
        raise Conflict("This break-glass is already reviewed.")
    if glass.state == BreakGlassState.OPEN:
        _end(glass, why=found)
    glass.state, glass.reviewed_at, glass.note = BreakGlassState.REVIEWED, clock.now(), found
    glass.reviewed_by = orgs.get_acting_user()
    glass.save(update_fields=["state", "reviewed_at", "reviewed_by", "note"])
    change = Change(before={"state": "ended"}, after={"state": "reviewed"}, reason=found)
    emit("break_glass.reviewed", resource=glass.as_resource(), change=change)
    return glass


def _end(glass: BreakGlass, *, why: str) -> None:
    glass.state, glass.ended_at = BreakGlassState.ENDED, clock.now()
    if current_actor().principal.kind != "Service":
        glass.ended_by = orgs.get_acting_user()
    glass.save(update_fields=["state", "ended_at", "ended_by"])
    change = Change(before={"state": "open"}, after={"state": "ended"}, reason=why)
    emit("break_glass.ended", resource=glass.as_resource(), change=change)
    publish(reason=f"the break-glass of {glass.started_at:%H:%M} UTC ended")
