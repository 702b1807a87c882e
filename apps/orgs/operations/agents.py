"""Agents: registering, delegating further, and revoking with everything below."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.actor import PrincipalKind
from apps.kernel.authorization import agent_actions, authorize
from apps.kernel.errors import Conflict, Invalid
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_actor

from .. import queries
from ..checks import clean_severity, clean_text, is_within, require_live
from ..models import Agent, User
from ..types import MAX_AGENT_DAYS, MAX_DELEGATION_DEPTH, Severity

SEVERITIES = tuple(Severity)


@operation("agent.register")
def register_agent(
    *,
    name: str,
    scope_id: UUID,
    capabilities: Sequence[str],
    expires_at: datetime,
    max_severity: str = Severity.INFO,
    max_depth: int = 1,
) -> Agent:
    """Register an agent of the person who calls, limited to capabilities at a scope."""
    # Whoever ends the place, the person or the agents waits here, or is waited for: always in
    # this order, scope, person, agents.
    scope = require_live(queries.get_scope(scope_id, for_update=True))
    owner = _require_active(_calling_user())
    if not 1 <= max_depth <= MAX_DELEGATION_DEPTH:
        raise Invalid(fields={"max_depth": [f"Choose 1 to {MAX_DELEGATION_DEPTH}."]})
    agent = Agent(
        name=clean_text(name, field="name"),
        owner=owner,
        scope=scope,
        capabilities=_clean_capabilities(capabilities),
        max_severity=clean_severity(max_severity, field="max_severity"),
        max_depth=max_depth,
        created_at=clock.now(),
        expires_at=_clean_expiry(expires_at),
    )
    authorize("agent.register", agent.as_resource())
    agent.save(force_insert=True)
    emit("agent.registered", resource=agent.as_resource(), change=Change(after=_facts(agent)))
    return agent


@operation("agent.delegate")
def delegate_agent(
    *,
    parent_id: UUID,
    name: str,
    capabilities: Sequence[str],
    expires_at: datetime,
    scope_id: UUID | None = None,
    max_severity: str = Severity.INFO,
) -> Agent:
    """Let an agent delegate part of what it holds to another, never more, never for longer."""
    seen = queries.get_agent(parent_id)
    scope = queries.get_scope(scope_id or seen.scope_id, for_update=True)
    _require_active(queries.get_user(seen.owner_id, for_update=True))
    parent = queries.get_agent(parent_id, for_update=True)
    authorize("agent.delegate", parent.as_resource())
    _require_live(parent)
    require_live(scope)
    agent = Agent(
        name=clean_text(name, field="name"),
        owner=parent.owner,
        parent=parent,
        scope=scope,
        capabilities=_clean_capabilities(capabilities),
        max_severity=clean_severity(max_severity, field="max_severity"),
        depth=parent.depth + 1,
        max_depth=parent.max_depth,
        created_at=clock.now(),
        expires_at=_clean_expiry(expires_at),
    )
    _require_no_more_than(agent, parent)
    agent.save(force_insert=True)
    emit("agent.delegated", resource=agent.as_resource(), change=Change(after=_facts(agent)))
    return agent


@operation("agent.revoke")
def revoke_agent(*, agent_id: UUID, reason: str = "") -> Agent:
    """Revoke an agent and every agent it delegated to, at once."""
    # With the person locked nothing is delegated below the agent while its descendants are read.
    queries.get_user(queries.get_agent(agent_id).owner_id, for_update=True)
    agent = queries.get_agent(agent_id, for_update=True)
    authorize("agent.revoke", agent.as_resource())
    if agent.revoked_at is not None:
        raise Conflict(f"{agent.name} is already revoked.")
    ended = [agent, *queries.list_descendants([agent.id])]
    _revoke(ended)
    agent.refresh_from_db()
    payload = {"revoked_agent_ids": [str(item.id) for item in ended]}
    emit(
        "agent.revoked", resource=agent.as_resource(), change=Change(reason=reason, payload=payload)
    )
    return agent


def revoke_agents_of(user: User) -> list[Agent]:
    """Revoke every live agent of a person as part of another operation; return them."""
    agents = list(Agent.objects.filter(owner=user, revoked_at__isnull=True).order_by("id"))
    _revoke(agents)
    return agents


def revoke_agents_at(scope_ids: Sequence[UUID]) -> None:
    """Revoke every live agent that works at one of the scopes as part of another operation."""
    _revoke(list(Agent.objects.filter(scope_id__in=scope_ids)))


def _revoke(agents: list[Agent]) -> None:
    ids = [agent.id for agent in agents]
    rows = Agent.objects.filter(id__in=ids, revoked_at__isnull=True)
    # Locked in one order by everybody: two that overlap wait, they do not deadlock.
    held = list(rows.select_for_update().order_by("id").values_list("id", flat=True))
    Agent.objects.filter(id__in=held).update(revoked_at=clock.now())


def _calling_user() -> User:
    principal = current_actor().principal
    if principal.kind != PrincipalKind.USER:
        raise Conflict("Only a person can register an agent; an agent delegates.")
    return queries.get_acting_user(for_update=True)


def _require_active(user: User) -> User:
    if not user.is_active:
        raise Conflict(f"{user.name} is deactivated.")
    return user


def _clean_capabilities(capabilities: Sequence[str]) -> list[str]:
    unknown = sorted(set(capabilities) - agent_actions())
    if unknown:
        raise Invalid(fields={"capabilities": [f"Unknown: {', '.join(unknown)[:300]}."]})
    if not capabilities:
        raise Invalid(fields={"capabilities": ["Choose at least one."]})
    return sorted(set(capabilities))


def _clean_expiry(expires_at: datetime) -> datetime:
    moment = clock.now()
    if expires_at.tzinfo is None:
        raise Invalid(fields={"expires_at": ["Give the time zone."]})
    if not moment < expires_at <= moment + timedelta(days=MAX_AGENT_DAYS):
        raise Invalid(fields={"expires_at": [f"Choose a time within {MAX_AGENT_DAYS} days."]})
    return expires_at


def _require_live(agent: Agent) -> None:
    if agent.revoked_at is not None or agent.expires_at <= clock.now():
        raise Conflict(f"{agent.name} is revoked or expired.")


def _require_no_more_than(agent: Agent, parent: Agent) -> None:
    problems: dict[str, list[str]] = {}
    extra = sorted(set(agent.capabilities) - set(parent.capabilities))
    if extra:
        problems["capabilities"] = [f"{parent.name} does not hold: {', '.join(extra)}."]
    if agent.expires_at > parent.expires_at:
        problems["expires_at"] = [f"{parent.name} itself expires earlier."]
    if SEVERITIES.index(Severity(agent.max_severity)) > SEVERITIES.index(
        Severity(parent.max_severity)
    ):
        problems["max_severity"] = [f"{parent.name} may go up to {parent.max_severity}."]
    if not is_within(agent.scope, parent.scope_id):
        problems["scope_id"] = [f"{parent.name} works only in {parent.scope.name}."]
    if agent.depth > parent.max_depth:
        problems["parent_id"] = [f"{parent.name} may not delegate any further."]
    if problems:
        raise Invalid("An agent never holds more than its delegator.", fields=problems)


def _facts(agent: Agent) -> dict[str, object]:
    return {
        "name": agent.name,
        "owner": agent.owner.name,
        "scope": agent.scope.name,
        "capabilities": agent.capabilities,
        "max_severity": agent.max_severity,
        "expires_at": agent.expires_at,
        "parent_id": str(agent.parent_id) if agent.parent_id else None,
    }
