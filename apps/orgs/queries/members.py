"""Reads of people, memberships and role grants."""

from uuid import UUID

from django.db.models import Q, QuerySet

from apps.kernel.errors import Conflict, NotFound
from apps.kernel.tenancy import current_actor

from ..models import Membership, RoleGrant, ScopeShare, User
from ..types import SHARE_PERMISSION
from .facts import principal_facts


def get_user(user_id: UUID, *, for_update: bool = False) -> User:
    """Return one person, deactivated or not, locked if asked; raise NotFound."""
    rows = User.objects.select_for_update() if for_update else User.objects.all()
    user = rows.filter(id=user_id).first()
    if user is None:
        raise NotFound("There is no such user.")
    return user  # type: ignore[no-any-return]


def get_acting_user(*, for_update: bool = False) -> User:
    """Return the person who acts, or for whom an agent does, locked if asked.

    Conflict for a platform administrator of another company: nothing here can be theirs.
    """
    facts = principal_facts(current_actor())
    if facts.is_visitor:
        raise Conflict("A platform administrator from elsewhere cannot own or sign anything here.")
    return get_user(UUID(facts.owner_id), for_update=for_update)


def list_users(*, text: str = "", include_deactivated: bool = False) -> QuerySet[User]:
    """Return the people of the company by name, optionally only those matching `text`."""
    rows = User.objects.all() if include_deactivated else User.objects.live()
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(email__icontains=text))
    return rows.order_by("name", "id")  # type: ignore[no-any-return]


def list_memberships(
    *, scope_id: UUID | None = None, user_id: UUID | None = None
) -> QuerySet[Membership]:
    """Return memberships with person and scope, by person's name."""
    rows = Membership.objects.select_related("user", "scope")
    if scope_id:
        rows = rows.filter(scope_id=scope_id)
    if user_id:
        rows = rows.filter(user_id=user_id)
    return rows.order_by("user__name", "id")  # type: ignore[no-any-return]


def get_membership(membership_id: UUID) -> Membership:
    """Return one membership; raise NotFound."""
    row = Membership.objects.select_related("user", "scope").filter(id=membership_id).first()
    if row is None:
        raise NotFound("There is no such membership.")
    return row  # type: ignore[no-any-return]


def list_grants(
    *, scope_id: UUID | None = None, user_id: UUID | None = None
) -> QuerySet[RoleGrant]:
    """Return the live role grants with person and scope, by person's name."""
    rows = RoleGrant.objects.filter(revoked_at__isnull=True).select_related("user", "scope")
    if scope_id:
        rows = rows.filter(scope_id=scope_id)
    if user_id:
        rows = rows.filter(user_id=user_id)
    return rows.order_by("user__name", "id")  # type: ignore[no-any-return]


def get_grant(grant_id: UUID, *, for_update: bool = False) -> RoleGrant:
    """Return one live role grant, locked if asked; raise NotFound."""
    rows = RoleGrant.objects.select_related("user", "scope")
    if for_update:
        rows = rows.select_for_update(of=("self",))
    grant = rows.filter(id=grant_id, revoked_at__isnull=True).first()
    if grant is None:
        raise NotFound("There is no such role grant.")
    return grant  # type: ignore[no-any-return]


def find_grant(*, user_id: UUID, scope_id: UUID, role: str, source: str) -> RoleGrant | None:
    """Return the live grant of exactly this role, or None."""
    return list_grants(scope_id=scope_id, user_id=user_id).filter(role=role, source=source).first()


def list_shares(*, scope_id: UUID) -> QuerySet[ScopeShare]:
    """Return with whom a scope is shared, by person's name."""
    rows = ScopeShare.objects.filter(
        content_object_id=scope_id, permission__codename=SHARE_PERMISSION
    )
    return rows.select_related("user").order_by("user__name", "id")  # type: ignore[no-any-return]


def get_share(*, scope_id: UUID, user_id: UUID) -> ScopeShare:
    """Return the share of a scope with one person; raise NotFound."""
    share = list_shares(scope_id=scope_id).filter(user_id=user_id).first()
    if share is None:
        raise NotFound("It is not shared with them.")
    return share
