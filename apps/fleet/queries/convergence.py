"""How the fleet comes to serve a revision: now, and how long the last ones took."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Min

from apps.policies import queries as policies

from ..models import Acknowledgement, CedarAgent
from ..types import AgentHealth
from .agents import lease_rules
from .standing import FleetCriteria, Standing, count_by_health, find_agents, standings_of

NAMED = 3
SHOWN_REVISIONS = 5


@dataclass(frozen=True, slots=True)
class Convergence:
    """How many agents serve the newest revision, and the first few of those that do not."""

    head: int
    head_digest: str | None
    counts: Counter[AgentHealth]
    refusing: Sequence[Standing]
    lagging: Sequence[Standing]

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def current(self) -> int:
        return self.counts[AgentHealth.CURRENT]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast one revision was taken up; `counted` are the agents that were there to take it.

    `half_seconds` and `all_seconds` are None until so many of them serve it or a later one.
    """

    number: int
    reason: str
    published_at: datetime
    counted: int
    served: int
    refused: int
    half_seconds: float | None
    all_seconds: float | None


def convergence() -> Convergence:
    """Return how far the newest revision has come, at this moment."""
    head = policies.get_head()
    refusing, lagging = (
        standings_of(list(find_agents(FleetCriteria(health=health))[:NAMED]))
        for health in (AgentHealth.REFUSED, AgentHealth.BEHIND)
    )
    return Convergence(head.number, head.digest, count_by_health(), refusing, lagging)


def list_paces() -> list[Pace]:
    """Return how fast the last revisions were taken up, newest first.

    An agent counts if its connection of now is older than the revision, or if it answered before
    its lease could have run out.
    """
    revisions = list(policies.list_revisions()[:SHOWN_REVISIONS])
    if not revisions:
        return []
    within = timedelta(seconds=lease_rules().limit_seconds)
    connected, answers = _connected_since(), _answers(since=revisions[-1].number)
    refusals = _refusals([revision.number for revision in revisions])
    found = []
    for revision in revisions:
        number, at = revision.number, revision.published_at
        served = first_served(answers, number=number, published_at=at)
        there = {one for one, since in connected.items() if since <= at}
        there |= {one for one, delay in served.items() if delay <= within}
        delays = sorted(served[one].total_seconds() for one in there if one in served)
        found.append(
            Pace(
                number=number,
                reason=revision.reason,
                published_at=at,
                counted=len(there),
                served=len(delays),
                refused=refusals.get(number, 0),
                half_seconds=_reached(delays, math.ceil(len(there) / 2)),
                all_seconds=_reached(delays, len(there)),
            )
        )
    return found


def first_served(
    answers: Mapping[UUID, Iterable[tuple[int, datetime]]], *, number: int, published_at: datetime
) -> dict[UUID, timedelta]:
    """Return how long after a revision each agent first served it or a later one.

    `answers` are pairs of revision and moment by agent; who serves neither is left out.
    """
    found = {}
    for agent_id, pairs in answers.items():
        moments = [at for revision, at in pairs if revision >= number and at >= published_at]
        if moments:
            found[agent_id] = min(moments) - published_at
    return found


def _reached(delays: Sequence[float], count: int) -> float | None:
    return delays[count - 1] if 0 < count <= len(delays) else None


def _connected_since() -> dict[UUID, datetime]:
    rows = CedarAgent.objects.live().exclude(connection="").filter(connected_at__isnull=False)
    return dict(rows.values_list("id", "connected_at"))


def _answers(*, since: int) -> dict[UUID, list[tuple[int, datetime]]]:
    rows = Acknowledgement.objects.filter(revision__gte=since, is_accepted=True)
    rows = rows.order_by().values_list("agent_id", "revision").annotate(Min("at"))
    found = defaultdict(list)
    for agent_id, revision, at in rows:
        found[agent_id].append((revision, at))
    return found


def _refusals(numbers: Sequence[int]) -> dict[int, int]:
    rows = Acknowledgement.objects.filter(revision__in=numbers, is_accepted=False).order_by()
    return dict(rows.values_list("revision").annotate(Count("agent_id", distinct=True)))
