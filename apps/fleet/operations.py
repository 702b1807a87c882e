"""Enrolling Cedar agents and recording what they report."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import Resource, authorize
from apps.kernel.constraints import conflicts
from apps.kernel.errors import Conflict, Invalid
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_tenant_id
from apps.kernel.tokens import mint
from apps.orgs.checks import clean_text
from apps.orgs.queries import get_root

from . import queries
from .models import Acknowledgement, CedarAgent, Decision, DecisionLogRules
from .types import MAX_KEEP_DAYS, LogEntry

TOKEN_KIND = "c"  # noqa: S105 - a kind, not a secret
NAME_TAKEN = {"cedar_agent_name_once": ("name", "There is a Cedar agent of that name.")}
ERROR_LENGTH = 1000
MAX_MASKED = 200
MAX_NAME = 120


class Replaced(Conflict):
    """A newer connection of the same agent took over; what this one reports is old."""

    code = "replaced"


class Ended(Conflict):
    """The agent was revoked: it is told nothing any more, and what it reports counts no more."""

    code = "revoked"


@operation("cedar_agent.enroll")
def enroll_agent(*, name: str) -> tuple[CedarAgent, str]:
    """Enroll a Cedar agent; returns it with its token, which is never shown again."""
    token = mint(kind=TOKEN_KIND, tenant_id=current_tenant_id())
    agent = CedarAgent(
        name=clean_text(name, field="name"),
        token_digest=token.digest,
        token_tail=token.tail,
        created_at=clock.now(),
    )
    authorize("cedar_agent.enroll", agent.as_resource())
    with conflicts(NAME_TAKEN):
        agent.save(force_insert=True)
    emit("cedar_agent.enrolled", resource=agent.as_resource(), change=Change(after={"name": name}))
    return agent, token.text


@operation("cedar_agent.rotate")
def rotate_token(*, agent_id: UUID) -> tuple[CedarAgent, str]:
    """Give a Cedar agent a new token; the old one ends at once."""
    agent = queries.get_agent(agent_id, for_update=True)
    authorize("cedar_agent.rotate", agent.as_resource())
    _require_live(agent)
    token = mint(kind=TOKEN_KIND, tenant_id=agent.tenant_id)
    agent.token_digest, agent.token_tail = token.digest, token.tail
    # Without a connection of its own, a socket that missed the hint ends at its next heartbeat.
    agent.connection = ""
    agent.save(update_fields=["token_digest", "token_tail", "connection"])
    emit("cedar_agent.rotated", resource=agent.as_resource())
    return agent, token.text


@operation("cedar_agent.revoke")
def revoke_agent(*, agent_id: UUID, reason: str = "") -> CedarAgent:
    """End a Cedar agent: it is disconnected and its token is refused from now on."""
    agent = queries.get_agent(agent_id, for_update=True)
    authorize("cedar_agent.revoke", agent.as_resource())
    _require_live(agent)
    agent.revoked_at, agent.connection = clock.now(), ""
    agent.save(update_fields=["revoked_at", "connection"])
    emit("cedar_agent.revoked", resource=agent.as_resource(), change=Change(reason=reason))
    return agent


@operation("cedar_agent.connect")
def connect_agent(
    *,
    agent_id: UUID,
    connection: str,
    agent_version: str,
    cedar_version: str,
    revision: int,
    digest: str | None,
) -> CedarAgent:
    """Record that a Cedar agent said hello on `connection`, which replaces an earlier one."""
    agent = queries.get_agent(agent_id, for_update=True)
    authorize("cedar_agent.connect", agent.as_resource())
    if agent.revoked_at is not None:
        raise Ended("This agent is revoked.")
    agent.connection = connection
    agent.agent_version, agent.cedar_version = agent_version, cedar_version
    agent.revision, agent.digest = revision, digest
    agent.connected_at = agent.last_heartbeat_at = clock.now()
    agent.save()
    after = {"revision": revision, "agent_version": agent_version}
    emit("cedar_agent.connected", resource=agent.as_resource(), change=Change(after=after))
    return agent


@operation("cedar_agent.acknowledge")
def acknowledge_revision(
    *,
    agent_id: UUID,
    revision: int,
    digest: str,
    applied_ms: float,
    connection: str | None = None,
) -> CedarAgent:
    """Record that an agent enforces `revision`; Replaced if `connection` is not its newest."""
    agent = queries.get_agent(agent_id, for_update=True)
    authorize("cedar_agent.acknowledge", agent.as_resource())
    _require_newest(agent, connection)
    moment = clock.now()
    agent.revision, agent.digest = revision, digest
    agent.refused_revision, agent.refusal = None, ""
    agent.acknowledged_at = agent.last_heartbeat_at = moment
    agent.save()
    Acknowledgement.objects.create(
        agent=agent, revision=revision, is_accepted=True, applied_ms=applied_ms, at=moment
    )
    _report(agent, "cedar_agent.acknowledged", {"revision": revision, "digest": digest})
    return agent


@operation("cedar_agent.refuse")
def refuse_revision(
    *,
    agent_id: UUID,
    revision: int,
    stage: str,
    policy: str | None,
    error: str,
    connection: str | None = None,
) -> CedarAgent:
    """Record that an agent refused `revision` and keeps its last good one; Replaced likewise."""
    agent = queries.get_agent(agent_id, for_update=True)
    authorize("cedar_agent.refuse", agent.as_resource())
    _require_newest(agent, connection)
    moment = clock.now()
    message = f"{stage}: {policy}: {error}" if policy else f"{stage}: {error}"
    agent.refused_revision, agent.refusal = revision, message[:ERROR_LENGTH]
    agent.last_heartbeat_at = moment
    agent.save()
    Acknowledgement.objects.create(
        agent=agent,
        revision=revision,
        is_accepted=False,
        stage=stage,
        error=message[:ERROR_LENGTH],
        at=moment,
    )
    _report(agent, "cedar_agent.refused", {"revision": revision, "error": message[:ERROR_LENGTH]})
    return agent


@operation("decision.record")
def record_decisions(
    *, agent_id: UUID, log: str, dropped: int, entries: Sequence[LogEntry], connection: str = ""
) -> int:
    """Store what an agent decided, each entry once however often it is told; return the last.

    `dropped` is how many decisions the agent's log lost in all. Replaced as in acknowledging.
    """
    agent = queries.get_agent(agent_id, for_update=True)
    authorize("decision.record", agent.as_resource())
    _require_newest(agent, connection or None)
    moment = clock.now()
    Decision.objects.bulk_create(
        [_row(entry, agent=agent, log=log, moment=moment) for entry in entries],
        ignore_conflicts=True,
    )
    CedarAgent.objects.filter(id=agent.id).update(decisions_dropped=dropped)
    _report(agent, "decision.recorded", {"count": len(entries), "dropped": dropped})
    return max((entry.sequence for entry in entries), default=0)


@operation("decision.configure")
def configure_decision_log(
    *, sample_percent: float, masked: Sequence[str], keep_days: int
) -> DecisionLogRules:
    """Set how many of a hundred decisions agents log, what they mask and how long it is kept.

    Invalid names what is out of range; agents hear of it with their next heartbeat.
    """
    company = get_root().as_resource()
    authorize("decision.configure", company)
    names = _names(masked)
    if not 0 <= sample_percent <= 100:
        raise Invalid(fields={"sample_percent": ["Choose from 0 to 100."]})
    if not 1 <= keep_days <= MAX_KEEP_DAYS:
        raise Invalid(fields={"keep_days": [f"Choose from 1 to {MAX_KEEP_DAYS} days."]})
    before = queries.decision_log_rules()
    after = {"sample_percent": sample_percent, "masked": names, "keep_days": keep_days}
    rules, _ = DecisionLogRules.objects.update_or_create(defaults=after)
    told = {name: getattr(before, name) for name in after}
    emit("decision.configured", resource=company, change=Change(before=told, after=after))
    return rules  # type: ignore[no-any-return]


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


def note_heartbeat(*, agent_id: UUID, connection: str, revision: int, digest: str | None) -> bool:
    """Note that an agent is alive on `connection`; False if another connection replaced it.

    A heartbeat changes nothing that anybody governs, so it is neither authorized nor an event.
    """
    rows = CedarAgent.objects.live().filter(id=agent_id, connection=connection)
    changes = {"last_heartbeat_at": clock.now(), "revision": revision, "digest": digest}
    return bool(rows.update(**changes))


def require_connected(*, agent_id: UUID, connection: str) -> None:
    """Raise Ended if the agent was revoked meanwhile, Replaced if `connection` is not its newest.

    Hints may be lost or late: whoever sends an agent something asks this first.
    """
    agent = queries.get_agent(agent_id)
    if agent.revoked_at is not None:
        raise Ended("This agent is revoked.")
    _require_newest(agent, connection)


def note_disconnect(*, agent_id: UUID, connection: str) -> None:
    """Note that `connection` ended, unless a newer one took its place."""
    CedarAgent.objects.filter(id=agent_id, connection=connection).update(connection="")


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


def _names(masked: Sequence[str]) -> list[str]:
    names = sorted({name.strip().lower() for name in masked if name.strip()})
    if len(names) > MAX_MASKED or any(len(name) > MAX_NAME for name in names):
        text = f"At most {MAX_MASKED} names of at most {MAX_NAME} characters."
        raise Invalid(fields={"masked": [text]})
    return names


def _require_live(agent: CedarAgent) -> None:
    if agent.revoked_at is not None:
        raise Conflict(f"{agent.name} is revoked.")


def _require_newest(agent: CedarAgent, connection: str | None) -> None:
    if connection is not None and connection != agent.connection:
        raise Replaced("A newer connection took over.")


def _report(agent: CedarAgent, event: str, after: dict[str, object]) -> None:
    resource: Resource = agent.as_resource()
    emit(event, resource=resource, change=Change(after=after))
