"""Finds, in every company, the agents that are out of date and those that no longer are."""

import logging
from uuid import UUID

from apps.kernel import clock
from apps.kernel.actor import service_actor
from apps.kernel.errors import Conflict
from apps.kernel.tenancy import across_tenants, acting_as

from . import queries
from .lapses import has_turned
from .models import CedarAgent
from .operations import judge_agent

logger = logging.getLogger(__name__)
TIMEKEEPER = "timekeeper"
BATCH = 1_000


def watch_every_company() -> int:
    """Judge each agent whose state turned, once; return how many. What fails is tried again."""
    with across_tenants("find companies with agents"):
        heard = CedarAgent.objects.live().filter(last_heartbeat_at__isnull=False)
        tenants = list(heard.order_by("tenant_id").values_list("tenant_id").distinct())
    return sum(_watch(tenant_id) for (tenant_id,) in tenants)


def _watch(tenant_id: UUID) -> int:
    try:
        with acting_as(service_actor(tenant_id=tenant_id, name=TIMEKEEPER)):
            turned = _turned()
    except Exception:
        logger.exception("a fleet could not be watched", extra={"tenant_id": str(tenant_id)})
        return 0
    return sum(_judge(tenant_id, agent_id) for agent_id in turned)


def _turned() -> list[UUID]:
    rules, found = queries.lease_rules(), []
    suspects = queries.list_suspects()
    batch = list(suspects[:BATCH])
    while batch:
        standings, moment = queries.standings_of(batch), clock.now()
        found += [s.agent.id for s in standings if has_turned(s, rules=rules, moment=moment)]
        batch = list(suspects.filter(id__gt=batch[-1].id)[:BATCH])
    return found


def _judge(tenant_id: UUID, agent_id: UUID) -> bool:
    try:
        with acting_as(service_actor(tenant_id=tenant_id, name=TIMEKEEPER)):
            judge_agent(agent_id=agent_id)
    except Conflict:
        return False
    except Exception:
        logger.exception("an agent could not be judged", extra={"agent_id": str(agent_id)})
        return False
    return True
