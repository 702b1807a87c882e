"""Enrolling Cedar agents and recording what they report."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from apps.events.operations import emit, emit_each
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import Resource, authorize
from apps.kernel.constraints import conflicts
from apps.kernel.errors import Conflict, Invalid
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_tenant_id
from apps.kernel.tokens import mint
from apps.orgs.checks import clean_text

from .. import queries
from ..models import Acknowledgement, CedarAgent
from ..types import AgentProtocol, Applied, Beat

TOKEN_KIND = "c"  # noqa: S105 - a kind, not a secret
NAME_TAKEN = {"cedar_agent_name_once": ("name", "There is a Cedar agent of that name.")}
ERROR_LENGTH = 1000
NO_LEASE = "An OPAL client knows no lease: without the portal it decides for ever."


class Replaced(Conflict):
    """A newer connection of the same agent took over; what this one reports is old."""

    code = "replaced"


class Ended(Conflict):
    """The agent was revoked: it is told nothing any more, and what it reports counts no more."""

    code = "revoked"


@operation("cedar_agent.enroll")
def enroll_agent(
    *,
    name: str,
    works_offline: bool = False,
    protocol: AgentProtocol = AgentProtocol.AETERNA,
) -> tuple[CedarAgent, str]:
    """Enroll a Cedar agent; returns it with its token, which is never shown again.

    One that `works_offline` decides for hours without the portal, as the rules of leases say;
    Invalid for a stock OPAL client, which knows no lease.
    """
    if works_offline and protocol == AgentProtocol.OPAL:
        raise Invalid("Nothing was enrolled.", fields={"works_offline": [NO_LEASE]})
    token = mint(kind=TOKEN_KIND, tenant_id=current_tenant_id())
    agent = CedarAgent(
        name=clean_text(name, field="name"),
        token_digest=token.digest,
        token_tail=token.tail,
        created_at=clock.now(),
        works_offline=works_offline,
        protocol=protocol,
    )
    authorize("cedar_agent.enroll", agent.as_resource())
    with conflicts(NAME_TAKEN):
        agent.save(force_insert=True)
    after = {"name": name, "works_offline": works_offline, "protocol": protocol.value}
    emit("cedar_agent.enrolled", resource=agent.as_resource(), change=Change(after=after))
    return agent, token.text


@operation("cedar_agent.update")
def update_agent(*, agent_id: UUID, works_offline: bool) -> CedarAgent:
    """Set whether a Cedar agent decides for hours without the portal, from its next heartbeat on.

    What it was granted before lasts until it ends; to end that at once, revoke the agent.
    """
    agent = queries.get_agent(agent_id, for_update=True)
    authorize("cedar_agent.update", agent.as_resource())
    _require_live(agent)
    if agent.is_opal:
        raise Conflict(NO_LEASE)
    before = {"works_offline": agent.works_offline}
    agent.works_offline = works_offline
    agent.save(update_fields=["works_offline"])
    change = Change(before=before, after={"works_offline": works_offline})
    emit("cedar_agent.updated", resource=agent.as_resource(), change=change)
    return agent


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
    agent.out_of_date_since, agent.out_of_date_as = None, ""
    agent.save(update_fields=["revoked_at", "connection", "out_of_date_since", "out_of_date_as"])
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
def acknowledge_revision(*, revision: int, digest: str, answers: Sequence[Applied]) -> set[Applied]:
    """Record which agents enforce `revision`; returns the answers that count.

    One that came over another connection than its agent's newest does not; Replaced if none does.
    """
    agents = queries.lock_agents([answer.agent_id for answer in answers])
    for agent in agents.values():
        authorize("cedar_agent.acknowledge", agent.as_resource())
    counted = [answer for answer in answers if _is_newest(agents, answer)]
    if not counted:
        raise Replaced("A newer connection took over.")
    moment = clock.now()
    CedarAgent.objects.filter(id__in=[answer.agent_id for answer in counted]).update(
        revision=revision,
        digest=digest,
        refused_revision=None,
        refusal="",
        acknowledged_at=moment,
        last_heartbeat_at=moment,
    )
    Acknowledgement.objects.bulk_create(
        Acknowledgement(
            agent=agents[answer.agent_id],
            revision=revision,
            is_accepted=True,
            applied_ms=answer.applied_ms,
            at=moment,
        )
        for answer in counted
    )
    change = Change(after={"revision": revision, "digest": digest})
    told = [(agents[answer.agent_id].as_resource(), change) for answer in counted]
    emit_each("cedar_agent.acknowledged", told)
    return set(counted)


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
    require_newest(agent, connection)
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
    report(agent, "cedar_agent.refused", {"revision": revision, "error": message[:ERROR_LENGTH]})
    return agent


def note_heartbeats(beats: Sequence[Beat]) -> dict[UUID, CedarAgent]:
    """Note that agents are alive; returns those whose heartbeat came over their connection.

    A heartbeat changes nothing that anybody governs, so it is neither authorized nor an event.
    """
    moment, enforced = clock.now(), defaultdict(list)
    for beat in beats:
        enforced[beat.revision, beat.digest].append(beat)
    for (revision, digest), alike in enforced.items():
        # No two connections have the same name: an agent's other one meets no row.
        rows = CedarAgent.objects.live().filter(
            id__in=[beat.agent_id for beat in alike],
            connection__in=[beat.connection for beat in alike],
        )
        rows.update(last_heartbeat_at=moment, revision=revision, digest=digest)
    names = {beat.connection for beat in beats}
    rows = CedarAgent.objects.live().filter(id__in=[beat.agent_id for beat in beats])
    return {agent.id: agent for agent in rows if agent.connection in names}


def require_connected(*, agent_id: UUID, connection: str) -> None:
    """Raise Ended if the agent was revoked meanwhile, Replaced if `connection` is not its newest.

    Hints may be lost or late: whoever sends an agent something asks this first.
    """
    agent = queries.get_agent(agent_id)
    if agent.revoked_at is not None:
        raise Ended("This agent is revoked.")
    require_newest(agent, connection)


def note_disconnect(*, agent_id: UUID, connection: str) -> None:
    """Note that `connection` ended, unless a newer one took its place."""
    rows = CedarAgent.objects.select_for_update().filter(id=agent_id, connection=connection)
    agent = rows.first()
    if agent is None:
        return
    agent.connection = ""
    agent.save(update_fields=["connection"])
    report(agent, "cedar_agent.disconnected", {"revision": agent.revision})


def _require_live(agent: CedarAgent) -> None:
    if agent.revoked_at is not None:
        raise Conflict(f"{agent.name} is revoked.")


def _is_newest(agents: Mapping[UUID, CedarAgent], answer: Applied) -> bool:
    agent = agents[answer.agent_id]
    return answer.connection in (None, agent.connection)


def require_newest(agent: CedarAgent, connection: str | None) -> None:
    """Raise Replaced unless `connection` is the agent's newest; None stands for that."""
    if connection is not None and connection != agent.connection:
        raise Replaced("A newer connection took over.")


def report(agent: CedarAgent, event: str, after: dict[str, object]) -> None:
    """Emit what an agent reported as an event of its own."""
    resource: Resource = agent.as_resource()
    emit(event, resource=resource, change=Change(after=after))
