"""The facts about a principal and a scope that decisions rest on (the PIP of the portal)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connections

from apps.kernel import clock
from apps.kernel.actor import Actor, PrincipalKind
from apps.kernel.tenancy import current_scope, database_alias

from ..models import Agent, Scope
from ..types import ROLE_ORDER, SHARE_PERMISSION, Role, RoleResolution, severity_rank
from .delegation import list_chain

# One round trip, because every request asks: the person, the company's rule, grants and shares.
USER_FACTS = """
    SELECT u.id, u.deactivated_at IS NULL, u.is_platform_admin, c.role_resolution,
           ARRAY(SELECT ARRAY[g.role, g.scope_id::text] FROM orgs_rolegrant g
                 WHERE g.user_id = u.id AND g.revoked_at IS NULL),
           ARRAY(SELECT s.scope_id FROM orgs_scopeshare s
                 JOIN auth_permission p ON p.id = s.permission_id
                 WHERE s.user_id = u.id AND p.codename = %(permission)s)
    FROM orgs_user u JOIN orgs_company c USING (tenant_id)
    WHERE u.id = ANY(%(users)s)
"""


@dataclass(frozen=True, slots=True)
class PrincipalFacts:
    """What is known of a principal; scope ids are strings, capabilities are action names.

    `holds` maps each role to the scopes where the principal holds it or a higher one, `below`
    to the scopes where a lower one is held. An agent has its owner's, while all of its chain
    is live, and acts only within `reach` and with the capabilities its whole chain was given.
    A visitor is a platform administrator of another company, who holds nothing in this one.
    """

    is_active: bool = False
    is_platform_admin: bool = False
    is_visitor: bool = False
    holds: dict[Role, frozenset[str]] = field(default_factory=dict)
    below: dict[Role, frozenset[str]] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    reach: str = ""
    least_permissive: bool = False
    owner_id: str = ""
    capabilities: frozenset[str] = frozenset()
    severity: int = 0

    def named_scopes(self) -> frozenset[str]:
        """Return the ids of the scopes that these facts mention."""
        held = [*self.holds.values(), *self.below.values()]
        return self.shared.union([self.reach], *held)


def principal_facts(actor: Actor) -> PrincipalFacts:
    """Return the facts about the actor's principal, read once per scope of work."""
    facts = current_scope().facts
    key = ("principal", actor.principal.kind, actor.principal.id)
    if key not in facts:
        facts[key] = _read(actor)
    return facts[key]  # type: ignore[no-any-return]


def scope_chain(scope_id: str) -> list[str]:
    """Return the ids from the company down to `scope_id`; empty if it does not exist here."""
    facts = current_scope().facts
    key = ("chain", scope_id)
    if key not in facts:
        scope = Scope.objects.only("id", "path").filter(id=scope_id).first()
        facts[key] = [str(item) for item in scope.path] if scope else []
    return facts[key]  # type: ignore[no-any-return]


def has_role_at(actor: Actor, roles: Iterable[str], scope_id: str) -> bool:
    """Tell whether one of the roles, or a higher one, that the principal holds reaches a scope."""
    facts, chain = principal_facts(actor), set(scope_chain(scope_id))
    for role in map(Role, roles):
        is_lowered = facts.least_permissive and not chain.isdisjoint(facts.below.get(role, ()))
        if not is_lowered and not chain.isdisjoint(facts.holds.get(role, ())):
            return True
    return False


def _read(actor: Actor) -> PrincipalFacts:
    match actor.principal.kind:
        case PrincipalKind.USER:
            return _of_user(UUID(actor.principal.id), is_platform=actor.is_platform)
        case PrincipalKind.AGENT:
            return _of_agent(UUID(actor.principal.id))
        case PrincipalKind.SERVICE:
            return PrincipalFacts(is_active=True, owner_id=actor.principal.id)


def people_facts(user_ids: Iterable[UUID]) -> dict[UUID, PrincipalFacts]:
    """Return the facts about several people of the company in one round trip."""
    parameters: dict[str, Any] = {"users": list(user_ids), "permission": SHARE_PERMISSION}
    with connections[database_alias()].cursor() as cursor:
        cursor.execute(USER_FACTS, parameters)
        return {row[0]: _of_row(row) for row in cursor.fetchall()}


def _of_user(user_id: UUID, *, is_platform: bool) -> PrincipalFacts:
    known = people_facts([user_id]).get(user_id)
    if known is not None:
        return known
    # A platform administrator of another company was proven there before this scope opened.
    return PrincipalFacts(
        is_active=is_platform,
        is_platform_admin=is_platform,
        is_visitor=is_platform,
        owner_id=str(user_id),
    )


def _of_row(row: tuple[Any, ...]) -> PrincipalFacts:
    user_id, is_active, is_platform_admin, resolution, grants, shared = row
    if not is_active:
        return PrincipalFacts(owner_id=str(user_id))
    return PrincipalFacts(
        is_active=True,
        is_platform_admin=is_platform_admin,
        holds={role: _scopes(grants, ROLE_ORDER[index:]) for index, role in enumerate(ROLE_ORDER)},
        below={role: _scopes(grants, ROLE_ORDER[:index]) for index, role in enumerate(ROLE_ORDER)},
        shared=frozenset(str(scope_id) for scope_id in shared),
        least_permissive=resolution == RoleResolution.LEAST_PERMISSIVE,
        owner_id=str(user_id),
    )


def _of_agent(agent_id: UUID) -> PrincipalFacts:
    agent = Agent.objects.filter(id=agent_id).first()
    if agent is None:
        return PrincipalFacts()
    chain = list_chain(agent)
    owner = _of_user(agent.owner_id, is_platform=False)
    moment = clock.now()
    is_live = all(a.revoked_at is None and a.expires_at > moment for a in chain)
    return PrincipalFacts(
        is_active=owner.is_active and is_live,
        holds=owner.holds,
        below=owner.below,
        reach=str(agent.scope_id),
        least_permissive=owner.least_permissive,
        owner_id=owner.owner_id,
        capabilities=frozenset.intersection(*(frozenset(a.capabilities) for a in chain)),
        severity=min(severity_rank(a.max_severity) for a in chain),
    )


def _scopes(grants: list[tuple[str, str]], roles: tuple[Role, ...]) -> frozenset[str]:
    return frozenset(scope_id for role, scope_id in grants if role in roles)
