"""Keeping what agents decided for as long as the company wants."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.operation import operation
from apps.orgs.queries import get_root

from .. import queries
from ..models import CedarAgent, Decision
from ..types import LogEntry
from .agents import report, require_newest


@operation("decision.record")
def record_decisions(
    *, agent_id: UUID, log: str, dropped: int, entries: Sequence[LogEntry], connection: str = ""
) -> int:
    """Store what an agent decided, each entry once however often it is told; return the last.

    `dropped` is how many decisions the agent's log lost in all. Replaced as in acknowledging.
    """
    agent = queries.get_agent(agent_id, for_update=True)
    authorize("decision.record", agent.as_resource())
    require_newest(agent, connection or None)
    moment = clock.now()
    Decision.objects.bulk_create(
        [_row(entry, agent=agent, log=log, moment=moment) for entry in entries],
        ignore_conflicts=True,
    )
    CedarAgent.objects.filter(id=agent.id).update(decisions_dropped=dropped)
    report(agent, "decision.recorded", {"count": len(entries), "dropped": dropped})
    return max((entry.sequence for entry in entries), default=0)


@operation("decision.remove_old")
def remove_old_decisions(*, limit: int) -> int:
    """Delete at most `limit` decisions past their time, oldest first; return how many."""
    company = get_root().as_resource()
    authorize("decision.remove_old", company)
    since = clock.now() - timedelta(days=queries.decision_log_rules().keep_days)
    old = Decision.objects.filter(decided_at__lt=since).order_by("decided_at", "id")
    count, _ = Decision.objects.filter(
        id__in=list(old.values_list("id", flat=True)[:limit])
    ).delete()
    emit("decision.old_removed", resource=company, change=Change(after={"count": count}))
    return int(count)


def _row(entry: LogEntry, *, agent: CedarAgent, log: str, moment: datetime) -> Decision:
    return Decision(
        agent=agent,
        log=log,
        sequence=entry.sequence,
        decided_at=entry.at,
        recorded_at=moment,
        revision=entry.revision,
        principal=entry.principal,
        action=entry.action,
        resource=entry.resource,
        context=entry.context,
        request_entities=entry.entities,
        decision=entry.decision,
        reason=entry.reason,
        errors=entry.errors,
        staleness=entry.staleness,
        is_cut=entry.is_cut,
    )
