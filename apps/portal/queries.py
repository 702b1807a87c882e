"""What the shell and the home page tell: who this is, where they may go, what waits for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from apps.audit.queries import list_audit
from apps.fleet.queries import Fleet, fleet, list_out_of_date
from apps.fleet.types import AgentHealth
from apps.kernel.authorization import Resource, decide_many
from apps.kernel.tenancy import current_actor, current_scope, current_tenant_id
from apps.orgs.queries import get_company, get_root, list_grants, principal_facts
from apps.orgs.types import ROLE_ORDER, ROLE_TITLES, Role
from apps.policies.queries import list_policies, visible_break_glasses
from apps.proposals.queries import list_proposals, list_waiting
from apps.proposals.types import ProposalState

if TYPE_CHECKING:
    from apps.events.models import Event
    from apps.fleet.models import CedarAgent
    from apps.policies.models import BreakGlass
    from apps.proposals.models import Proposal

NEWEST = 10
OUT_OF_DATE = 5
# What the portal's own services do all day is no news.
ROUTINE = (
    "session.start",
    "session.end",
    "cedar_agent.connect",
    "cedar_agent.acknowledge",
    "password.set",
    "identity.link",
    "notification.send",
    "notification.digest",
    "notification.prefer",
    "notification.read",
    "notification.read_all",
)
UNHEALTHY = (AgentHealth.BEHIND, AgentHealth.REFUSED, AgentHealth.OFFLINE)


@dataclass(frozen=True, slots=True)
class Badge:
    """The company as the shell names it."""

    name: str
    is_demo: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """The home page: what waits, what one asked for oneself, what changed, how agents stand."""

    waiting: Sequence["Proposal"]
    mine: Sequence["Proposal"]
    newest: Sequence["Event"]
    fleet: Fleet | None
    policies: int
    unhealthy: int
    out_of_date: Sequence["CedarAgent"]
    glasses: Sequence["BreakGlass"]

    @property
    def fleet_unit(self) -> str:
        return f"of {len(self.fleet.standings)}" if self.fleet else ""


def badge() -> Badge:
    """Return the name of the company in scope and whether it is a demo."""
    return Badge(name=get_root().name, is_demo=get_company().is_demo)


def role_title(user_id: UUID) -> str:
    """Return a person's highest role and where they hold it, in words."""
    held = list(list_grants(user_id=user_id))
    if not held:
        return "Shared access only"
    best = max(held, key=lambda grant: (ROLE_ORDER.index(Role(grant.role)), -len(grant.scope.path)))
    return f"{ROLE_TITLES[Role(best.role)]} at {best.scope.name}"


def may_somewhere(action: str) -> bool:
    """Tell whether the actor may do `action` at the company or where a role or share reaches.

    Asked of Cedar at the places where the actor's rights begin: below them nothing is added.
    """
    facts = current_scope().facts
    key = ("somewhere", action)
    if key not in facts:
        facts[key] = any(decision.allowed for decision in decide_many(action, _places()))
    return bool(facts[key])


def count_waiting() -> int:
    """Return how many proposals the actor may decide on now."""
    return len(list_waiting())


def count_unhealthy() -> int:
    """Return how many live Cedar agents do not enforce the newest revision."""
    return sum(1 for standing in fleet().standings if standing.health in UNHEALTHY)


def desk() -> Desk:
    """Return everything the home page shows to the actor."""
    standing = fleet() if may_somewhere("fleet.view") else None
    person = principal_facts(current_actor()).owner_id
    mine = list_proposals(state=ProposalState.PENDING, author_id=UUID(person))
    return Desk(
        waiting=list_waiting(),
        mine=list(mine),
        newest=list(list_audit().filter(outcome="done").exclude(action__in=ROUTINE)[:NEWEST])
        if may_somewhere("audit.view")
        else [],
        fleet=standing,
        policies=list_policies(state="active").count(),
        unhealthy=sum(1 for s in standing.standings if s.health in UNHEALTHY) if standing else 0,
        out_of_date=list(list_out_of_date()[:OUT_OF_DATE]) if standing else [],
        glasses=visible_break_glasses(),
    )


def _places() -> list[Resource]:
    tenant = str(current_tenant_id())
    facts = principal_facts(current_actor())
    held: set[Any] = set().union(*facts.holds.values(), facts.shared)
    ids = sorted({tenant, *held, *filter(None, [facts.reach])})
    return [Resource(type="Scope", id=item, name=item, scope_id=item) for item in ids]
