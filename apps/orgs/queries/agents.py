"""Reads of agents and their delegation chains."""

from uuid import UUID

from django.db.models import QuerySet

from apps.kernel import clock
from apps.kernel.errors import NotFound

from ..models import Agent
from .permitted import permitted_at


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
    rows = rows.filter(permitted_at("org.view", "scope_id"))
    return rows.select_related("owner", "scope").order_by("name", "id")  # type: ignore[no-any-return]
