"""Who delegated to an agent, and to whom it delegated."""

from uuid import UUID

from ..models import Agent


def list_chain(agent: Agent) -> list[Agent]:
    """Return the agent and the agents that delegated to it, nearest first."""
    chain = [agent]
    while chain[-1].parent_id:
        chain.append(Agent.objects.select_related("owner", "scope").get(id=chain[-1].parent_id))
    return chain


def list_descendants(agent_ids: list[UUID]) -> list[Agent]:
    """Return every agent that was delegated to, directly or not, by one of `agent_ids`."""
    found: list[Agent] = []
    level = list(Agent.objects.filter(parent_id__in=agent_ids).order_by("id"))
    while level:
        found += level
        level = list(Agent.objects.filter(parent_id__in=[a.id for a in level]).order_by("id"))
    return found
