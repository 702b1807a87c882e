"""The fleet's place in the REST interface."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.rest import ListQuery, Reason, Route
from apps.orgs.queries import get_root

from .. import queries
from ..models import Acknowledgement, CedarAgent, Decision, DecisionLogRules
from ..operations import (
    configure_decision_log,
    enroll_agent,
    revoke_agent,
    rotate_token,
    update_agent,
)
from ..types import AgentHealth, AgentProtocol
from .rest_trust import ROUTES as TRUST
from .serializers import (
    AcknowledgementOut,
    CedarAgentFilter,
    CedarAgentOut,
    DecisionFilter,
    DecisionLogIn,
    DecisionLogOut,
    DecisionOut,
    EnrolledOut,
    EnrollIn,
    UpdateIn,
)

STANDING = ("health", "lag", "behind_since", "behind_seconds", "staleness", "refusals")
SHOWN = tuple(name for name in CedarAgentOut.model_fields if name not in STANDING)


def list_agents(
    *, include_revoked: bool = False, name: str = "", health: AgentHealth | None = None
) -> QuerySet[CedarAgent]:
    """List the Cedar agents with how they stand, by name."""
    authorize("fleet.view", get_root().as_resource())
    return queries.find_agents(
        queries.FleetCriteria(name=name, health=health or "", include_revoked=include_revoked)
    )


def view_agent(*, agent_id: UUID) -> Mapping[str, Any]:
    """Return one Cedar agent and how it stands."""
    agent = queries.get_agent(agent_id)
    authorize("fleet.view", agent.as_resource())
    return _standing(agent)


def list_acknowledgements(*, agent_id: UUID) -> QuerySet[Acknowledgement]:
    """List what a Cedar agent answered to revisions, newest first."""
    agent = queries.get_agent(agent_id)
    authorize("fleet.view", agent.as_resource())
    return queries.list_acknowledgements(agent.id)


def enroll(
    *,
    name: str,
    works_offline: bool = False,
    protocol: AgentProtocol = AgentProtocol.AETERNA,
) -> Mapping[str, Any]:
    """Enroll a Cedar agent or a stock OPAL client; its token is told only now."""
    agent, token = enroll_agent(name=name, works_offline=works_offline, protocol=protocol)
    return {**_standing(agent), "token": token}


def rotate(*, agent_id: UUID) -> Mapping[str, Any]:
    """Give a Cedar agent a new token, told only now; the old one ends at once."""
    agent, token = rotate_token(agent_id=agent_id)
    return {**_standing(agent), "token": token}


def update(*, agent_id: UUID, works_offline: bool) -> Mapping[str, Any]:
    """Set whether a Cedar agent decides for hours without the portal."""
    return _standing(update_agent(agent_id=agent_id, works_offline=works_offline))


def revoke(*, agent_id: UUID, reason: str = "") -> Mapping[str, Any]:
    """End a Cedar agent."""
    return _standing(revoke_agent(agent_id=agent_id, reason=reason))


def list_decisions(**values: Any) -> QuerySet[Decision]:
    """List the decisions that agents recorded, newest first."""
    authorize("decision.view", get_root().as_resource())
    wanted = {name: value for name, value in values.items() if value}
    return queries.find_decisions(queries.DecisionCriteria(**wanted))


def view_decision(*, decision_id: UUID) -> Decision:
    """Return one recorded decision."""
    authorize("decision.view", get_root().as_resource())
    return queries.get_decision(decision_id)


def view_decision_log() -> DecisionLogRules:
    """Return how many decisions agents log, what they mask and how long it is kept."""
    authorize("decision.view", get_root().as_resource())
    return queries.decision_log_rules()


def present(agents: Sequence[CedarAgent]) -> list[dict[str, Any]]:
    """Return agents with how each stands against the newest revision, at this moment."""
    return [
        {name: getattr(standing.agent, name) for name in SHOWN}
        | {name: getattr(standing, name) for name in STANDING}
        for standing in queries.standings_of(agents)
    ]


def _standing(agent: CedarAgent) -> dict[str, Any]:
    return present([agent])[0]


AGENT = "cedar-agents/<uuid:agent_id>"

ROUTES = (
    Route(
        method="GET", path="cedar-agents", name="cedar_agent.list", call=list_agents,
        query=CedarAgentFilter, answers=CedarAgentOut, order=("name", "id"), present=present,
    ),
    Route(
        method="POST", path="cedar-agents", name="cedar_agent.enroll", call=enroll,
        takes=EnrollIn, answers=EnrolledOut, status=201, located="cedar-agents/{id}",
        told_once="token",
    ),
    Route(
        method="GET", path=AGENT, name="cedar_agent.view", call=view_agent, answers=CedarAgentOut,
    ),
    Route(
        method="PATCH", path=AGENT, name="cedar_agent.update", call=update, takes=UpdateIn,
        answers=CedarAgentOut,
    ),
    Route(
        method="POST", path=f"{AGENT}/rotate", name="cedar_agent.rotate", call=rotate,
        answers=EnrolledOut, told_once="token",
    ),
    Route(
        method="POST", path=f"{AGENT}/revoke", name="cedar_agent.revoke", call=revoke,
        takes=Reason, answers=CedarAgentOut,
    ),
    Route(
        method="GET", path=f"{AGENT}/acknowledgements", name="cedar_agent.acknowledgements",
        call=list_acknowledgements, query=ListQuery, answers=AcknowledgementOut, order=("-id",),
    ),
    Route(
        method="GET", path="decisions", name="decision.list", call=list_decisions,
        query=DecisionFilter, answers=DecisionOut, order=("-decided_at", "-id"),
    ),
    Route(
        method="GET", path="decisions/<uuid:decision_id>", name="decision.view",
        call=view_decision, answers=DecisionOut,
    ),
    Route(
        method="GET", path="decision-log", name="decision.log", call=view_decision_log,
        answers=DecisionLogOut,
    ),
    Route(
        method="POST", path="decision-log", name="decision.configure",
        call=configure_decision_log, takes=DecisionLogIn, answers=DecisionLogOut,
    ),
    *TRUST,
)  # fmt: skip
