"""Reads of agents and their delegation chains."""

from uuid import UUID

from django.db.models import QuerySet

from apps.kernel import clock
from apps.kernel.errors import NotFound

from ..models import Agent
from .permitted import permitted_scope_ids


def get_agent(agent_id: UUID, *, for_update: bool = False) -> Agent:
    """Return one agent with its owner, locked if asked; raise NotFound."""
    rows = Agent.objects.select_related("owner", "scope")
    if for_update:
        rows = rows.select_for_update(of=("self",))
    agent = rows.filter(id=agent_id).first()
    if agent is None:
        raise NotFound("There is no such agent.")
    return agent  # type: ignore[no-any-return]


def list_agents(*, owner_id: UUID | None = None, live_only: bool = True) -> QuerySet[Agent]:
    """Return the visible agents with owner and scope, by name."""
    rows = Agent.objects.live(clock.now()) if live_only else Agent.objects.all()
    if owner_id:
        rows = rows.filter(owner_id=owner_id)
    rows = rows.filter(scope_id__in=permitted_scope_ids("org.view"))
    return rows.select_related("owner", "scope").order_by("name", "id")  # type: ignore[no-any-return]


def list_chain(agent: Agent) -> list[Agent]:
    """Return the agent and the agents that delegated to it, nearest first."""
    chain = [agent]
    while chain[-1].parent_id:
        chain.append(get_agent(chain[-1].parent_id))
    return chain


def list_descendants(agent_ids: list[UUID]) -> list[Agent]:
    """Return every agent that was delegated to, directly or not, by one of `agent_ids`."""
    found: list[Agent] = []
    level = list(Agent.objects.filter(parent_id__in=agent_ids).order_by("id"))
    while level:
        found += level
        level = list(Agent.objects.filter(parent_id__in=[a.id for a in level]).order_by("id"))
    return found
