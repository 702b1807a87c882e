"""Putting a proposal in shadow, taking it out again, and keeping what was found meanwhile."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.constraints import conflicts
from apps.kernel.errors import Conflict, Invalid
from apps.kernel.operation import operation
from apps.orgs import queries as orgs

from .. import queries
from ..models import Shadow
from ..types import DEFAULT_SHADOW_HOURS, MOST_SHADOW_HOURS, ShadowState
from .judging import proposal_to_judge

ONE = {"one_shadow_at_a_time": ("proposal_id", "It is in shadow already.")}
# Before the first decision: no id is lower.
BEGINNING = UUID(int=0)


@operation("proposal.shadow")
def start_shadow(*, proposal_id: UUID, hours: int = DEFAULT_SHADOW_HOURS) -> Shadow:
    """Have what agents decide in the next `hours` decided as if the proposal were in force, too.

    Nothing of it is enforced. Conflict if it is decided already, about no policy, or in shadow.
    """
    proposal = proposal_to_judge(proposal_id, action="proposal.shadow")
    if not 1 <= hours <= MOST_SHADOW_HOURS:
        raise Invalid(fields={"hours": [f"Choose from 1 to {MOST_SHADOW_HOURS} hours."]})
    moment = clock.now()
    with conflicts(ONE):
        shadow: Shadow = Shadow.objects.create(
            proposal=proposal,
            author=orgs.get_acting_user(),
            digest=proposal.digest,
            hours=hours,
            started_at=moment,
            until=moment + timedelta(hours=hours),
            cursor_at=moment,
            cursor_id=BEGINNING,
        )
    _emit(shadow, "proposal.shadow_started", {"hours": hours, "digest": shadow.digest})
    return shadow


@operation("proposal.stop_shadow")
def stop_shadow(*, shadow_id: UUID) -> Shadow:
    """Take a proposal out of shadow; what was counted stays. Conflict if it ended already."""
    shadow = queries.get_shadow(shadow_id, for_update=True)
    authorize("proposal.stop_shadow", shadow.as_resource())
    _require_running(shadow)
    _end(shadow, ShadowState.STOPPED, f"{orgs.get_acting_user().name} stopped it.")
    _emit(shadow, "proposal.shadow_stopped", {"state": shadow.state, "done": shadow.done})
    return shadow


@operation("shadow.advance")
def advance_shadow(
    *, shadow_id: UUID, seen: UUID, values: dict[str, Any], ending: str = ""
) -> Shadow:
    """Keep what a shadow counted together with how far it is, and end it for the reason given.

    Conflict if it ended, or if the last decision counted is not `seen`: another worker did it.
    """
    shadow = queries.get_shadow(shadow_id, for_update=True)
    authorize("shadow.advance", shadow.as_resource())
    _keep(shadow, seen, values)
    if ending:
        _end(shadow, ShadowState.ENDED, ending)
        _emit(shadow, "shadow.ended", {"ending": shadow.ending, "done": shadow.done})
    else:
        _emit(shadow, "shadow.advanced", {"done": shadow.done})
    return shadow


def note_shadow(*, shadow_id: UUID, seen: UUID, values: dict[str, Any]) -> Shadow:
    """Keep what a shadow counted where nothing new is different; Conflict as in advancing.

    That agents decide as before is nothing to tell: it is neither authorized nor an event.
    """
    shadow = queries.get_shadow(shadow_id, for_update=True)
    _keep(shadow, seen, values)
    return shadow


def _keep(shadow: Shadow, seen: UUID, values: dict[str, Any]) -> None:
    _require_running(shadow)
    if shadow.cursor_id != seen:
        raise Conflict("Another worker counted these already.")
    for name, value in values.items():
        setattr(shadow, name, value)
    shadow.save()


def _require_running(shadow: Shadow) -> None:
    if shadow.state != ShadowState.RUNNING:
        raise Conflict(f"The shadow is already {shadow.state}.")


def _end(shadow: Shadow, state: ShadowState, ending: str) -> None:
    shadow.state, shadow.ending, shadow.ended_at = state, ending[:300], clock.now()
    shadow.save()


def _emit(shadow: Shadow, event: str, after: dict[str, Any]) -> None:
    change = Change(after=after, payload={"shadow_id": str(shadow.id)})
    emit(event, resource=shadow.as_resource(), change=change)
