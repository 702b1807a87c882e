"""Reads for browsing: which people an actor may see, and what is told beside each name."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from apps.kernel import clock
from apps.kernel.actor import PrincipalKind
from apps.kernel.authorization import authorize
from apps.kernel.tenancy import current_actor, current_tenant_id

from ..models import Agent, Membership, RoleGrant, User
from .members import list_users
from .permitted import permitted_scope_ids


def list_visible_users(*, text: str = "", include_deactivated: bool = False) -> QuerySet[User]:
    """Return, by name, the people whom the actor may see: this is the one rule, for every door.

    A person is visible where they belong or hold a role, at the company, and to themselves.
    """
    rows = list_users(text=text, include_deactivated=include_deactivated)
    places = permitted_scope_ids("user.view")
    if str(current_tenant_id()) in places:
        return rows
    members = Membership.objects.filter(scope_id__in=places).values("user_id")
    holders = RoleGrant.objects.filter(scope_id__in=places, revoked_at__isnull=True)
    seen = Q(id__in=members) | Q(id__in=holders.values("user_id"))
    principal = current_actor().principal
    if principal.kind == PrincipalKind.USER:
        seen |= Q(id=principal.id)
    return rows.filter(seen)


def authorize_person(user: User) -> None:
    """Raise Forbidden unless a person is among those whom the actor may see."""
    if not list_visible_users(include_deactivated=True).filter(id=user.id).exists():
        authorize("user.view", user.as_resource())


def roles_of(user_ids: Iterable[UUID]) -> dict[UUID, list[RoleGrant]]:
    """Return the live role grants of several people, with their scopes, highest places first."""
    found: dict[UUID, list[RoleGrant]] = defaultdict(list)
    rows = RoleGrant.objects.filter(user_id__in=list(user_ids), revoked_at__isnull=True)
    for grant in rows.select_related("scope").order_by("scope__path__len", "id"):
        found[grant.user_id].append(grant)
    return found


def places_of(user_ids: Iterable[UUID]) -> dict[UUID, list[Membership]]:
    """Return where several people work, by the name of the place."""
    found: dict[UUID, list[Membership]] = defaultdict(list)
    rows = Membership.objects.filter(user_id__in=list(user_ids))
    for membership in rows.select_related("scope").order_by("scope__name", "id"):
        found[membership.user_id].append(membership)
    return found


def headcounts() -> dict[UUID, int]:
    """Return how many people belong to each scope or to anything below it."""
    people: dict[UUID, set[UUID]] = defaultdict(set)
    rows = Membership.objects.filter(user__deactivated_at__isnull=True)
    for path, user_id in rows.values_list("scope__path", "user_id"):
        for scope_id in path:
            people[scope_id].add(user_id)
    return {scope_id: len(ids) for scope_id, ids in people.items()}


def agent_counts() -> dict[UUID, int]:
    """Return how many live agents work in each scope or anything below it."""
    counts: dict[UUID, int] = defaultdict(int)
    rows = Agent.objects.live(clock.now()).order_by()
    for path, number in rows.values_list("scope__path").annotate(number=Count("id")):
        for scope_id in path:
            counts[scope_id] += number
    return dict(counts)
