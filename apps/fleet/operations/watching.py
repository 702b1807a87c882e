"""Saying once that an agent is out of date, and once that it is up to date again."""

from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.errors import Conflict
from apps.kernel.operation import operation

from .. import queries
from ..lapses import find_lapse
from ..models import CedarAgent
from ..types import AgentHealth


@operation("cedar_agent.judge")
def judge_agent(*, agent_id: UUID) -> CedarAgent:
    """Record that an agent is out of date, or no longer; Conflict if nothing turned."""
    agent = queries.get_agent(agent_id, for_update=True)
    resource = agent.as_resource()
    authorize("cedar_agent.judge", resource)
    standing = queries.standing_of(agent)
    since = agent.out_of_date_since
    if since is not None and standing.health == AgentHealth.CURRENT:
        agent.out_of_date_since, agent.out_of_date_as = None, ""
        emit("agent.up_to_date", resource=resource, change=Change(after={"since": since}))
    else:
        lapse = find_lapse(standing, rules=queries.lease_rules(), moment=clock.now())
        if since is not None or lapse is None:
            raise Conflict(f"{agent.name} stands as it did.")
        agent.out_of_date_since, agent.out_of_date_as = lapse.since, lapse.state
        after = {"state": lapse.state, "why": lapse.why, "since": lapse.since}
        change = Change(after=after, payload={"state": lapse.state})
        emit("agent.out_of_date", resource=resource, change=change)
    agent.save(update_fields=["out_of_date_since", "out_of_date_as"])
    return agent
