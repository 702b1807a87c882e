"""The work of a replay: taken up under a lease, page by page, until it ends or is taken back."""

import logging
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from apps.fleet import queries as fleet
from apps.fleet.types import Coverage, RecordedRequest
from apps.kernel import clock
from apps.kernel.actor import Actor, service_actor
from apps.kernel.errors import Conflict
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import across_tenants, acting_as
from apps.policies import queries as policies
from apps.policies.impacts import organization_today
from apps.policies.standing import keys_of

from .. import queries
from ..conflicts.standing import change_of
from ..models import Replay
from ..operations import advance_replay, finish_replay
from ..types import REPLAYING, ProposalState, ReplayState
from .judging import Judge
from .tally import Tally

logger = logging.getLogger(__name__)
PAGE = 5_000
# Seconds of work after which it is told how far it is.
TELL_EVERY = 2.0
MOST_ATTEMPTS = 3
TOO_LONG = "It takes more time or memory than it may have: choose fewer days."
STOPPED = "The workers stopped in the middle of it, again and again."
BROKEN = "What is in force, or was proposed, could not be read."
REVISED = "The proposal was decided or revised meanwhile."
# A hint that was lost is made up for after this time.
OVERDUE = timedelta(minutes=1)


def run_replay(
    *, tenant_id: UUID, replay_id: UUID, too_long: tuple[type[Exception], ...] = ()
) -> bool:
    """Work on a replay to its end; False if it ended before, or is another worker's.

    Twice at once does no harm. What raises `too_long` or cannot be read is kept as failed.
    """
    actor, lease = service_actor(tenant_id=tenant_id, name="analysis"), uuid7()
    try:
        report, failure = _attempt(actor, replay_id, lease, (MemoryError, *too_long))
        with acting_as(actor):
            finish_replay(replay_id=replay_id, lease=lease, report=report, failure=failure)
    except Conflict:
        return False
    return True


def find_waiting() -> list[tuple[UUID, UUID]]:
    """Return tenant and id of each replay that no worker is at though it is not over."""
    moment = clock.now()
    with across_tenants("find replays that no worker is at"):
        queued = Replay.objects.filter(state=ReplayState.QUEUED, requested_at__lt=moment - OVERDUE)
        left = Replay.objects.filter(state=ReplayState.RUNNING, lease_until__lt=moment)
        rows = (queued | left).order_by("requested_at", "id")
        return list(rows.values_list("tenant_id", "id"))


def _attempt(
    actor: Actor, replay_id: UUID, lease: UUID, too_long: tuple[type[Exception], ...]
) -> tuple[dict[str, Any], str]:
    try:
        with acting_as(actor):
            replay = advance_replay(replay_id=replay_id, lease=lease, values={"done": 0})
            if replay.attempts > MOST_ATTEMPTS:
                return {}, STOPPED
            prepared = _prepare(replay, lease)
        if prepared is None:
            return {}, REVISED
        return _work(actor, lease, *prepared), ""
    except too_long:
        return {}, TOO_LONG
    except ValueError:
        logger.exception("a replay failed", extra={"replay_id": str(replay_id)})
        return {}, BROKEN


def _prepare(replay: Replay, lease: UUID) -> tuple[Replay, Judge, Coverage] | None:
    proposal = replay.proposal
    if proposal.digest != replay.digest or proposal.state != ProposalState.PENDING:
        return None
    change = change_of(proposal)
    if change is None:
        return None
    keys, coverage = keys_of(change), fleet.coverage_of(since=replay.since, until=replay.until)
    values = {
        "proposed": keys.proposed,
        "base": keys.base,
        "revision": policies.get_head().number,
        "total": coverage.recorded,
    }
    advanced = advance_replay(replay_id=replay.id, lease=lease, values=values)
    judge = Judge(change, schema=policies.agent_schema(), entities=organization_today())
    return advanced, judge, coverage


def _work(
    actor: Actor, lease: UUID, replay: Replay, judge: Judge, coverage: Coverage
) -> dict[str, Any]:
    tally, told = Tally(), time.monotonic()
    page = _page(actor, replay, after=None)
    while page:
        tally.add(zip(page, judge.judge_many(page), strict=True))
        if time.monotonic() - told >= TELL_EVERY:
            told = time.monotonic()
            with acting_as(actor):
                advance_replay(replay_id=replay.id, lease=lease, values={"done": tally.done})
        page = _page(actor, replay, after=page[-1]) if len(page) == PAGE else []
    with acting_as(actor):
        values = {"done": tally.done, "total": tally.done}
        advance_replay(replay_id=replay.id, lease=lease, values=values)
    return {**tally.as_json(), "coverage": told_coverage(coverage)}


def _page(actor: Actor, replay: Replay, *, after: RecordedRequest | None) -> list[RecordedRequest]:
    with acting_as(actor):
        # Taken back meanwhile, or another worker's: the next page is not read.
        state = queries.get_replay(replay.id).state
        if state not in REPLAYING:
            raise Conflict(f"The replay is already {state}.")
        return fleet.recorded_requests(
            since=replay.since, until=replay.until, after=after, limit=PAGE
        )


def told_coverage(coverage: Coverage) -> dict[str, Any]:
    """Return what the decision log can tell as JSON values."""
    return {
        "recorded": coverage.recorded,
        "first_at": coverage.first_at.isoformat() if coverage.first_at else None,
        "dropped": coverage.dropped,
        "sample_percent": coverage.sample_percent,
        "masked": list(coverage.masked),
        "keep_days": coverage.keep_days,
    }
