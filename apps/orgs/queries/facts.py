"""The facts about a principal and a scope that decisions rest on (the PIP of the portal)."""

from dataclasses import dataclass, field
from uuid import UUID

from apps.kernel import clock
from apps.kernel.actor import Actor, PrincipalKind
from apps.kernel.tenancy import current_scope

from ..models import Agent, Company, RoleGrant, Scope, ScopeShare, User
from ..types import ROLE_ORDER, SHARE_PERMISSION, Role, RoleResolution, severity_rank
from .agents import list_chain


@dataclass(frozen=True, slots=True)
class PrincipalFacts:
    """What is known of a principal; scope ids are strings, capabilities are action names.

    `holds` maps each role to the scopes where the principal holds it or a higher one, `below`
    to the scopes where a lower one is held. An agent has its owner's, while all of its chain
    is live, and acts only within `reach` and with the capabilities its whole chain was given.
    """

    is_active: bool = False
    is_platform_admin: bool = False
    holds: dict[Role, frozenset[str]] = field(default_factory=dict)
    below: dict[Role, frozenset[str]] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    reach: str = ""
    least_permissive: bool = False
    owner_id: str = ""
    capabilities: frozenset[str] = frozenset()
    severity: int = 0


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
        known = {str(s.id): s for s in facts.get("scopes", ())}
        scope = known.get(scope_id) or Scope.objects.only("id", "path").filter(id=scope_id).first()
        facts[key] = [str(item) for item in scope.path] if scope else []
    return facts[key]  # type: ignore[no-any-return]


def _read(actor: Actor) -> PrincipalFacts:
    match actor.principal.kind:
        case PrincipalKind.USER:
            return _of_user(UUID(actor.principal.id), is_platform=actor.is_platform)
        case PrincipalKind.AGENT:
            return _of_agent(UUID(actor.principal.id))
        case PrincipalKind.SERVICE:
            return PrincipalFacts(is_active=True, owner_id=actor.principal.id)


def _of_user(user_id: UUID, *, is_platform: bool) -> PrincipalFacts:
    user = User.objects.filter(id=user_id).first()
    if user is None and is_platform:
        # A platform administrator of another company, proven there before this scope opened.
        return PrincipalFacts(is_active=True, is_platform_admin=True, owner_id=str(user_id))
    if user is None or not user.is_active:
        return PrincipalFacts(owner_id=str(user_id))
    grants = list(
        RoleGrant.objects.filter(user_id=user_id, revoked_at__isnull=True).values_list(
            "role", "scope_id"
        )
    )
    return PrincipalFacts(
        is_active=True,
        is_platform_admin=user.is_platform_admin,
        holds={role: _scopes(grants, ROLE_ORDER[index:]) for index, role in enumerate(ROLE_ORDER)},
        below={role: _scopes(grants, ROLE_ORDER[:index]) for index, role in enumerate(ROLE_ORDER)},
        shared=_shared_with(user_id),
        least_permissive=_is_least_permissive(),
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


def _scopes(grants: list[tuple[str, UUID]], roles: tuple[Role, ...]) -> frozenset[str]:
    return frozenset(str(scope_id) for role, scope_id in grants if role in roles)


def _shared_with(user_id: UUID) -> frozenset[str]:
    rows = ScopeShare.objects.filter(user_id=user_id, permission__codename=SHARE_PERMISSION)
    return frozenset(str(scope_id) for scope_id in rows.values_list("content_object_id", flat=True))


def _is_least_permissive() -> bool:
    resolution = Company.objects.values_list("role_resolution", flat=True).first()
    return bool(resolution == RoleResolution.LEAST_PERMISSIVE)
