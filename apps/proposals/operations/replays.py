"""Asking for a replay of recorded decisions, taking the wish back, and keeping how far it is."""

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
from ..models import Replay
from ..types import (
    DEFAULT_REPLAY_DAYS,
    MOST_REPLAY_DAYS,
    REPLAYING,
    ReplayState,
)
from .judging import proposal_to_judge

ONE = {"one_replay_at_a_time": ("proposal_id", "A replay against it is under way already.")}
LEASE = timedelta(minutes=5)


@operation("proposal.replay")
def replay_proposal(*, proposal_id: UUID, days: int = DEFAULT_REPLAY_DAYS) -> Replay:
    """Have the decisions of the last `days` decided again as if the proposal were in force.

    Conflict if it is decided already, about no policy, or if a replay against it is under way.
    """
    proposal = proposal_to_judge(proposal_id, action="proposal.replay")
    if not 1 <= days <= MOST_REPLAY_DAYS:
        raise Invalid(fields={"days": [f"Choose from 1 to {MOST_REPLAY_DAYS} days."]})
    moment = clock.now()
    with conflicts(ONE):
        replay: Replay = Replay.objects.create(
            proposal=proposal,
            author=orgs.get_acting_user(),
            digest=proposal.digest,
            days=days,
            since=moment - timedelta(days=days),
            until=moment,
            requested_at=moment,
        )
    after = {"days": days, "digest": replay.digest}
    payload = {"replay_id": str(replay.id)}
    change = Change(after=after, payload=payload)
    emit("proposal.replay_requested", resource=proposal.as_resource(), change=change)
    return replay


@operation("proposal.cancel_replay")
def cancel_replay(*, replay_id: UUID) -> Replay:
    """Stop a replay that is queued or running; Conflict if it ended already."""
    replay = queries.get_replay(replay_id, for_update=True)
    authorize("proposal.cancel_replay", replay.as_resource())
    _require_open(replay)
    _end(replay, ReplayState.CANCELLED)
    payload = {"replay_id": str(replay.id)}
    change = Change(payload=payload)
    emit("proposal.replay_cancelled", resource=replay.as_resource(), change=change)
    return replay


@operation("replay.advance")
def advance_replay(*, replay_id: UUID, lease: UUID, values: dict[str, Any]) -> Replay:
    """Take up a replay, or say how far it is, for as long as nobody else holds its lease.

    `values` are fields that are known now. Conflict if it ended or is another worker's.
    """
    replay = _held(replay_id, lease, action="replay.advance")
    if replay.lease != lease:
        replay.attempts += 1
    known = {"state": ReplayState.RUNNING, "lease": lease, "lease_until": clock.now() + LEASE}
    for name, value in {**values, **known}.items():
        setattr(replay, name, value)
    replay.save()
    _emit(replay, "replay.advanced")
    return replay


@operation("replay.finish")
def finish_replay(
    *, replay_id: UUID, lease: UUID, report: dict[str, Any], failure: str = ""
) -> Replay:
    """Keep what a replay found, or why it failed; Conflict if it ended or is another worker's."""
    replay = _held(replay_id, lease, action="replay.finish")
    replay.report, replay.failure = report, failure[:300]
    _end(replay, ReplayState.FAILED if failure else ReplayState.DONE)
    _emit(replay, "replay.finished")
    return replay


def _held(replay_id: UUID, lease: UUID, *, action: str) -> Replay:
    replay = queries.get_replay(replay_id, for_update=True)
    authorize(action, replay.as_resource())
    _require_open(replay)
    is_taken = replay.lease_until is not None and replay.lease_until > clock.now()
    if replay.lease != lease and is_taken:
        raise Conflict("Another worker is at it.")
    return replay


def _require_open(replay: Replay) -> None:
    if replay.state not in REPLAYING:
        raise Conflict(f"The replay is already {replay.state}.")


def _end(replay: Replay, state: ReplayState) -> None:
    replay.state, replay.ended_at, replay.lease_until = state, clock.now(), None
    replay.save()


def _emit(replay: Replay, event: str) -> None:
    after = {"state": replay.state, "done": replay.done, "total": replay.total}
    payload = {"replay_id": str(replay.id)}
    emit(event, resource=replay.as_resource(), change=Change(after=after, payload=payload))
