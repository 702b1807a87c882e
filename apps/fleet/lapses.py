"""When an agent that should serve the newest revision does not: pure judgement of a standing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .models import LeaseRules
from .queries import Standing
from .types import AgentHealth


@dataclass(frozen=True, slots=True)
class Lapse:
    """How an agent fails to be up to date, why, and since when."""

    state: AgentHealth
    why: str
    since: datetime


def find_lapse(standing: Standing, *, rules: LeaseRules, moment: datetime) -> Lapse | None:
    """Return how an agent fails to be up to date at `moment`, or None.

    One that never connected, or is ended, is not expected. One that works offline is waited for
    only while it is connected, or once its own longer lease ran out.
    """
    agent, since = standing.agent, standing.behind_since
    if agent.revoked_at is not None or agent.last_heartbeat_at is None:
        return None
    if standing.health == AgentHealth.REFUSED and since is not None:
        return Lapse(AgentHealth.REFUSED, agent.refusal, since)
    limit = agent.limit_seconds(rules)
    if moment - agent.last_heartbeat_at > timedelta(seconds=limit):
        why = f"The portal has not heard from it for more than {limit} seconds."
        return Lapse(AgentHealth.OFFLINE, why, agent.last_heartbeat_at)
    if since is None or (agent.works_offline and not agent.connection):
        return None
    # A laptop that is back cannot have taken what came while it was away.
    start = max(since, agent.connected_at or since) if agent.works_offline else since
    if moment - start <= timedelta(seconds=rules.out_of_date_seconds):
        return None
    why = f"It serves revision {agent.revision}, {standing.lag} behind the newest."
    return Lapse(AgentHealth.BEHIND, why, since)


def has_turned(standing: Standing, *, rules: LeaseRules, moment: datetime) -> bool:
    """Tell whether an episode begins or is over: over only when the newest revision is served."""
    if standing.agent.out_of_date_since is not None:
        return standing.health == AgentHealth.CURRENT
    return find_lapse(standing, rules=rules, moment=moment) is not None
