"""Reads of agents and their delegation chains."""

from uuid import UUID

from django.db.models import QuerySet

from apps.kernel import clock
from apps.kernel.authorization import decide_many
from apps.kernel.errors import NotFound
from apps.kernel.tenancy import current_actor

from ..models import Agent
from .facts import principal_facts
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


def may_register_agent(*, scope_id: UUID | None = None) -> bool:
    """Tell whether the actor may register an agent of their own at a scope, or anywhere."""
    facts = principal_facts(current_actor())
    held: set[str] = set().union(*facts.holds.values())
    places = [str(scope_id)] if scope_id else sorted(held)
    if not facts.owner_id:
        return False
    owner = UUID(facts.owner_id)
    asked = [Agent(owner_id=owner, scope_id=place).as_resource() for place in places]
    return any(decision.allowed for decision in decide_many("agent.register", asked))
