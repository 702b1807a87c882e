"""The work of shadows: decisions are judged in the order they arrive, each counted once."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.fleet import queries as fleet
from apps.fleet.types import Arrival, Place
from apps.kernel.actor import Actor, service_actor
from apps.kernel.errors import Conflict
from apps.kernel.settling import settled_until
from apps.kernel.tenancy import across_tenants, acting_as
from apps.policies import queries as policies
from apps.policies.impacts import organization_today
from apps.policies.standing import keys_of

from .. import queries
from ..conflicts.standing import change_of
from ..models import Shadow
from ..operations import advance_shadow, note_shadow
from ..types import ShadowState
from .judging import Judge
from .running import BROKEN, told_coverage
from .tally import Tally

logger = logging.getLogger(__name__)
PAGE = 5_000
OVER = "Its time is over."


@dataclass(frozen=True, slots=True)
class _Bench:
    """The judge of one run, and what it judges by as fields of the shadow."""

    judge: Judge
    facts: Mapping[str, Any]


def run_shadow(*, tenant_id: UUID, shadow_id: UUID) -> bool:
    """Judge what arrived since the last run; False if the shadow is over or another worker's.

    Twice at once does no harm: what one worker counted, another one's count is refused.
    """
    try:
        _advance(service_actor(tenant_id=tenant_id, name="analysis"), shadow_id)
    except Conflict:
        return False
    return True


def find_running() -> list[tuple[UUID, UUID]]:
    """Return tenant and id of each shadow that runs."""
    with across_tenants("find the shadows that run"):
        rows = Shadow.objects.filter(state=ShadowState.RUNNING).order_by("until", "id")
        return list(rows.values_list("tenant_id", "id"))


def _advance(actor: Actor, shadow_id: UUID) -> None:
    with acting_as(actor):
        settled = settled_until()
        shadow = queries.get_shadow(shadow_id)
        if shadow.state != ShadowState.RUNNING:
            raise Conflict(f"The shadow is already {shadow.state}.")
        ending = queries.find_overtaking(shadow)
        page = [] if ending else _page(shadow, settled)
    try:
        shadow = _count(actor, shadow, page, settled)
    except ValueError:
        logger.exception("a shadow failed", extra={"shadow_id": str(shadow_id)})
        ending = BROKEN
        with acting_as(actor):
            shadow = queries.get_shadow(shadow_id)
    if not ending and settled >= shadow.until:
        ending = OVER
    if ending:
        with acting_as(actor):
            advance_shadow(shadow_id=shadow_id, seen=shadow.cursor_id, values={}, ending=ending)


def _page(shadow: Shadow, settled: datetime) -> list[Arrival]:
    after = Place(shadow.cursor_at, shadow.cursor_id)
    return fleet.arrived_requests(after=after, until=min(settled, shadow.until), limit=PAGE)


def _count(actor: Actor, shadow: Shadow, page: list[Arrival], settled: datetime) -> Shadow:
    """Judge page after page, each kept with its place before the next; return how it stands."""
    if not page:
        return shadow
    bench = _bench(actor, shadow)
    while page:
        shadow = _keep(actor, shadow, bench, page)
        if len(page) < PAGE:
            break
        with acting_as(actor):
            page = _page(shadow, settled)
    return shadow


def _bench(actor: Actor, shadow: Shadow) -> _Bench:
    """Return the judge by what is in force now; Conflict if the proposal was revised just now."""
    with acting_as(actor):
        proposal = queries.get_proposal(shadow.proposal_id)
        change = change_of(proposal)
        if change is None or proposal.digest != shadow.digest:
            raise Conflict(queries.REVISED)
        keys, head = keys_of(change), policies.get_head().number
        judge = Judge(change, schema=policies.agent_schema(), entities=organization_today())
    return _Bench(judge, {"proposed": keys.proposed, "base": keys.base, "revision": head})


def _keep(actor: Actor, shadow: Shadow, bench: _Bench, page: Sequence[Arrival]) -> Shadow:
    # What was decided before it was put in shadow and told late is none of its decisions.
    rows = [one.request for one in page if one.request.decided_at >= shadow.started_at]
    tally = Tally.resumed(shadow.report)
    before = tally.different
    tally.add(zip(rows, bench.judge.judge_many(rows), strict=True))
    early = shadow.report.get("early", 0) + len(page) - len(rows)
    keep = advance_shadow if tally.different != before else note_shadow
    with acting_as(actor):
        coverage = fleet.coverage_now(recorded=tally.done, first_at=_first_at(shadow, page))
        report = {**tally.as_json(), "early": early, "coverage": told_coverage(coverage)}
        last = page[-1].place
        values = {"cursor_at": last.recorded_at, "cursor_id": last.id, "done": tally.done}
        return keep(
            shadow_id=shadow.id,
            seen=shadow.cursor_id,
            values={**values, "report": report, **bench.facts},
        )


def _first_at(shadow: Shadow, page: Sequence[Arrival]) -> datetime | None:
    """Return when the first of all decisions counted was made."""
    known = (shadow.report.get("coverage") or {}).get("first_at")
    moments = [one.request.decided_at for one in page]
    counted = [moment for moment in moments if moment >= shadow.started_at]
    return min([*counted, *([datetime.fromisoformat(known)] if known else [])], default=None)
