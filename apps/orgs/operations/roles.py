"""Granting and revoking roles, and sharing a scope for reading."""

from uuid import UUID

from guardian.shortcuts import assign_perm, remove_perm

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.actor import PrincipalKind
from apps.kernel.authorization import Resource, authorize
from apps.kernel.constraints import conflicts
from apps.kernel.errors import Conflict
from apps.kernel.frames import is_nested
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_actor

from .. import queries
from ..checks import clean_role, require_live
from ..governance import GRANT_ROLE
from ..models import RoleGrant, Scope, ScopeShare, User
from ..types import ROLE_TITLES, SHARE_PERMISSION, GrantSource, Role

ALREADY_HELD = {"role_granted_once": ("role", "They already hold this role there.")}


@operation("role.grant")
def grant_role(
    *, user_id: UUID, scope_id: UUID, role: str, source: GrantSource = GrantSource.MANUAL
) -> RoleGrant:
    """Give a person a role at a scope, at most the giver's own; Conflict if already held."""
    scope = queries.get_scope(scope_id, for_update=True)
    chosen = clean_role(role)
    user = queries.get_user(user_id)
    grant = RoleGrant(user=user, scope=scope, role=chosen, source=source, granted_at=clock.now())
    authorize("role.grant", grant.as_resource(), context={"grantee": str(user.id)})
    require_live(scope)
    _require_direct(scope)
    if not user.is_active:
        raise Conflict(f"{user.name} is deactivated.", fields={"user_id": ["Deactivated."]})
    with conflicts(ALREADY_HELD):
        grant.save(force_insert=True)
    emit("role.granted", resource=_target(grant), change=Change(after=_facts(grant)))
    return grant


def _require_direct(scope: Scope) -> None:
    """Raise Conflict if a role here is given through a proposal, and enough people may decide.

    What another operation does, and what the identity provider says, needs no proposal.
    """
    if is_nested() or current_actor().principal.kind == PrincipalKind.SERVICE:
        return
    terms = queries.effective_rule(scope_id=str(scope.id), kind=GRANT_ROLE).terms
    role = Role(terms.approver_role or Role.ADMIN)
    others = len(queries.list_holders(scope_id=str(scope.id), role=role)) - 1
    if not terms.allows_direct and others >= terms.required_approvals:
        raise Conflict(f"Roles in {scope.name} are given through a proposal: propose it instead.")


@operation("role.revoke")
def revoke_role(*, grant_id: UUID, reason: str = "") -> RoleGrant:
    """Take a role back; raise NotFound if it is not held any more."""
    grant = queries.get_grant(grant_id, for_update=True)
    authorize("role.revoke", grant.as_resource(), context={"grantee": str(grant.user_id)})
    grant.revoked_at = clock.now()
    grant.save(update_fields=["revoked_at"])
    emit(
        "role.revoked", resource=_target(grant), change=Change(before=_facts(grant), reason=reason)
    )
    return grant


@operation("scope.share")
def share_scope(*, scope_id: UUID, user_id: UUID) -> ScopeShare:
    """Let one person read a scope and what is in it, whatever their roles."""
    scope = queries.get_scope(scope_id, for_update=True)
    authorize("scope.share", scope.as_resource())
    require_live(scope)
    user = queries.get_user(user_id)
    assign_perm(SHARE_PERMISSION, user, scope)
    emit("scope.shared", resource=scope.as_resource(), change=Change(after=_person(user)))
    return queries.get_share(scope_id=scope.id, user_id=user.id)


@operation("scope.unshare")
def unshare_scope(*, scope_id: UUID, user_id: UUID) -> None:
    """End a person's share of a scope; raise NotFound if there is none."""
    scope = queries.get_scope(scope_id, for_update=True)
    authorize("scope.unshare", scope.as_resource())
    user = queries.get_user(user_id)
    queries.get_share(scope_id=scope.id, user_id=user.id)
    remove_perm(SHARE_PERMISSION, user, scope)
    emit("scope.unshared", resource=scope.as_resource(), change=Change(before=_person(user)))


def _person(user: User) -> dict[str, str]:
    return {"user_id": str(user.id), "user": user.name}


def _facts(grant: RoleGrant) -> dict[str, str]:
    scope: Scope = grant.scope
    return {
        "role": ROLE_TITLES[clean_role(grant.role)],
        "scope_id": str(scope.id),
        "scope": scope.name,
        "source": grant.source,
    }


def _target(grant: RoleGrant) -> Resource:
    """Return the person as the event's resource, so that their history shows their roles."""
    person: Resource = grant.user.as_resource()
    return Resource(type=person.type, id=person.id, name=person.name, scope_id=str(grant.scope_id))
