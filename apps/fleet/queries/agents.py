"""Reads of the Cedar agents themselves, and of the rules of leases."""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import QuerySet

from apps.events.queries import list_history
from apps.events.types import Outcome
from apps.kernel.errors import NotFound

from ..models import Acknowledgement, CedarAgent, LeaseRules
from ..types import AgentProtocol

if TYPE_CHECKING:
    from apps.events.models import Event


def list_agents(*, include_revoked: bool = False) -> QuerySet[CedarAgent]:
    """Return the Cedar agents by name."""
    rows = CedarAgent.objects.all() if include_revoked else CedarAgent.objects.live()
    return rows.order_by("name", "id")  # type: ignore[no-any-return]


def get_agent(agent_id: UUID, *, for_update: bool = False) -> CedarAgent:
    """Return one Cedar agent, locked if asked; raise NotFound."""
    rows = CedarAgent.objects.select_for_update() if for_update else CedarAgent.objects.all()
    agent = rows.filter(id=agent_id).first()
    if agent is None:
        raise NotFound("There is no such Cedar agent.")
    return agent  # type: ignore[no-any-return]


def lock_agents(agent_ids: Sequence[UUID]) -> dict[UUID, CedarAgent]:
    """Return Cedar agents by id, locked in one order whoever asks; NotFound if one is not there."""
    rows = CedarAgent.objects.select_for_update().filter(id__in=agent_ids).order_by("id")
    agents = {agent.id: agent for agent in rows}
    if any(agent_id not in agents for agent_id in agent_ids):
        raise NotFound("There is no such Cedar agent.")
    return agents


def find_by_token(
    digest: str, *, protocol: AgentProtocol = AgentProtocol.AETERNA
) -> CedarAgent | None:
    """Return the agent of a protocol whose token has this digest, revoked or not, or None."""
    return CedarAgent.objects.filter(token_digest=digest, protocol=protocol).first()  # type: ignore[no-any-return]


def list_acknowledgements(agent_id: UUID) -> QuerySet[Acknowledgement]:
    """Return what an agent answered, newest first."""
    return Acknowledgement.objects.filter(agent_id=agent_id).newest_first()  # type: ignore[no-any-return]


def list_agent_events(agent_id: UUID, *, types: Iterable[str]) -> QuerySet["Event"]:
    """Return what happened to an agent of these types of events, newest first."""
    rows = list_history(resource_id=str(agent_id))
    return rows.filter(type__in=list(types), outcome=Outcome.DONE)


def applied_ms(agent_id: UUID, *, revisions: Collection[int]) -> dict[int, float]:
    """Return in how many milliseconds an agent applied each of these revisions, at last."""
    rows = Acknowledgement.objects.filter(agent_id=agent_id, revision__in=revisions)
    rows = rows.filter(applied_ms__isnull=False).order_by("id")
    return dict(rows.values_list("revision", "applied_ms"))


def live_connections() -> dict[UUID, str]:
    """Return the newest connection of each agent that is connected and not revoked."""
    rows = CedarAgent.objects.live().exclude(connection="")
    return dict(rows.values_list("id", "connection"))


def lease_rules() -> LeaseRules:
    """Return how long the company's agents decide without the portal, the defaults if unset."""
    return LeaseRules.objects.first() or LeaseRules()
