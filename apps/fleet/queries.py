"""Reads of the fleet: agents against the head of revisions."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from apps.kernel import clock
from apps.kernel.errors import NotFound
from apps.policies import queries as policies

from .models import Acknowledgement, CedarAgent
from .types import AgentHealth


@dataclass(frozen=True, slots=True)
class Standing:
    """An agent with how it stands; `lag` is in revisions."""

    agent: CedarAgent
    health: AgentHealth
    lag: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """Every agent against the head."""

    head: int
    head_digest: str | None
    standings: list[Standing]

    @property
    def current(self) -> int:
        return sum(1 for s in self.standings if s.health == AgentHealth.CURRENT)


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


def find_by_token(digest: str) -> CedarAgent | None:
    """Return the agent whose token has this digest, revoked or not, or None."""
    return CedarAgent.objects.filter(token_digest=digest).first()  # type: ignore[no-any-return]


def fleet(*, include_revoked: bool = False) -> Fleet:
    """Return every agent's standing against the newest revision, at this moment."""
    head = policies.get_head()
    agents = list_agents(include_revoked=include_revoked)
    return Fleet(
        head=head.number,
        head_digest=head.digest,
        standings=[_standing(agent, head=head.number, digest=head.digest) for agent in agents],
    )


def standing_of(agent: CedarAgent) -> Standing:
    """Return how one agent stands against the newest revision, at this moment."""
    head = policies.get_head()
    return _standing(agent, head=head.number, digest=head.digest)


def _standing(agent: CedarAgent, *, head: int, digest: str | None) -> Standing:
    health = agent.health(head_digest=digest, head=head, moment=clock.now())
    return Standing(agent=agent, health=health, lag=max(0, head - agent.revision))


def list_acknowledgements(agent_id: UUID) -> QuerySet[Acknowledgement]:
    """Return what an agent answered, newest first."""
    return Acknowledgement.objects.filter(agent_id=agent_id).newest_first()  # type: ignore[no-any-return]
