"""How agents stand against the newest revision, one by one and counted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from apps.kernel import clock
from apps.policies import queries as policies

from ..models import Acknowledgement, CedarAgent, LeaseRules
from ..types import AgentHealth, Staleness
from .agents import lease_rules, list_agents


@dataclass(frozen=True, slots=True)
class Standing:
    """An agent with how it stands; `lag` is in revisions, `behind_seconds` since the first missed.

    `refusals` counts the revisions it ever refused.
    """

    agent: CedarAgent
    health: AgentHealth
    lag: int
    behind_since: datetime | None
    behind_seconds: int
    staleness: Staleness
    refusals: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """Every agent against the head."""

    head: int
    head_digest: str | None
    standings: list[Standing]

    @property
    def current(self) -> int:
        return sum(1 for s in self.standings if s.health == AgentHealth.CURRENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetCriteria:
    """Which agents to list; empty fields do not filter, ended ones come only when asked for."""

    name: str = ""
    health: str = ""
    include_revoked: bool = False


def fleet(*, include_revoked: bool = False) -> Fleet:
    """Return every agent's standing against the newest revision, at this moment."""
    head = policies.get_head()
    agents = list_agents(include_revoked=include_revoked)
    return Fleet(head=head.number, head_digest=head.digest, standings=standings_of(list(agents)))


def find_agents(criteria: FleetCriteria) -> QuerySet[CedarAgent]:
    """Return the agents that meet `criteria` by name, each with its `state` and `heard_at`."""
    is_ended = criteria.health == AgentHealth.REVOKED
    rows = list_agents(include_revoked=criteria.include_revoked or is_ended)
    if criteria.name:
        rows = rows.filter(name__icontains=criteria.name)
    rows = _with_state(rows)
    return rows.filter(state=criteria.health) if criteria.health else rows  # type: ignore[no-any-return]


def list_suspects() -> QuerySet[CedarAgent]:
    """Return the agents, by id, that do not serve the newest revision or were said not to."""
    rows = _with_state(list_agents().filter(last_heartbeat_at__isnull=False))
    is_suspect = ~Q(state=AgentHealth.CURRENT) | Q(out_of_date_since__isnull=False)
    return rows.filter(is_suspect).order_by("id")  # type: ignore[no-any-return]


def list_out_of_date() -> QuerySet[CedarAgent]:
    """Return the agents that were said to be out of date and are so still, longest first."""
    rows = list_agents().filter(out_of_date_since__isnull=False)
    return rows.order_by("out_of_date_since", "id")


def count_by_health() -> Counter[AgentHealth]:
    """Return how many agents, ended ones left out, stand how."""
    rows = _with_state(list_agents()).order_by().values_list("state").annotate(Count("id"))
    return Counter({AgentHealth(state): count for state, count in rows})


def standing_of(agent: CedarAgent) -> Standing:
    """Return how one agent stands against the newest revision, at this moment."""
    return standings_of([agent])[0]


def standings_of(agents: Sequence[CedarAgent]) -> list[Standing]:
    """Return how these agents stand, in their order; as many queries for one as for all."""
    head, rules, moment = policies.get_head(), lease_rules(), clock.now()
    published = policies.published_at({_next(agent, head.number) for agent in agents})
    refusals = _refusals(agents)
    found = []
    for agent in agents:
        health = agent.health(head_digest=head.digest, head=head.number, moment=moment)
        since = None
        if health != AgentHealth.REVOKED and agent.digest != head.digest:
            missed = published.get(_next(agent, head.number))
            since = max(missed, agent.created_at) if missed else None
        found.append(
            Standing(
                agent=agent,
                health=health,
                lag=max(0, head.number - agent.revision),
                behind_since=since,
                behind_seconds=max(0, int((moment - since).total_seconds())) if since else 0,
                staleness=_staleness(agent, is_behind=bool(since), rules=rules, moment=moment),
                refusals=refusals.get(agent.id, 0),
            )
        )
    return found


def _next(agent: CedarAgent, head: int) -> int:
    # Whoever drifted away from the head's digest lacks the head itself.
    return min(agent.revision + 1, head)


def _refusals(agents: Iterable[CedarAgent]) -> dict[Any, int]:
    rows = Acknowledgement.objects.filter(
        is_accepted=False, agent_id__in=[agent.id for agent in agents]
    )
    return dict(rows.order_by().values_list("agent_id").annotate(Count("revision", distinct=True)))


def _staleness(
    agent: CedarAgent, *, is_behind: bool, rules: LeaseRules, moment: datetime
) -> Staleness:
    """Return what the agent's decisions say of themselves, as far as the portal can know."""
    if agent.is_opal:
        return Staleness.UNKNOWN
    if agent.last_heartbeat_at is None or not agent.revision:
        return Staleness.UNLOADED
    silent = moment - agent.last_heartbeat_at
    if silent > timedelta(seconds=agent.limit_seconds(rules)):
        return Staleness.EXPIRED
    is_leased = silent <= timedelta(seconds=rules.lease_seconds)
    return Staleness.FRESH if is_leased and not is_behind else Staleness.STALE


def _with_state(rows: Any) -> Any:
    head = policies.get_head()
    return rows.with_state(head_digest=head.digest, head=head.number, moment=clock.now())
