"""The organization's place in the REST interface."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.rest import ListQuery, Reason, Route

from .. import queries
from ..models import Agent, Company, Membership, RoleGrant, Scope, ScopeShare, User
from ..operations import (
    add_member,
    archive_scope,
    create_organization,
    create_project,
    create_team,
    deactivate_user,
    delegate_agent,
    grant_role,
    reactivate_user,
    register_agent,
    register_user,
    remove_member,
    restore_scope,
    revoke_agent,
    revoke_role,
    share_scope,
    unshare_scope,
    update_scope,
    update_user,
)
from .serializers import (
    AgentDelegateIn,
    AgentFilter,
    AgentIn,
    AgentOut,
    BelowIn,
    CompanyOut,
    Found,
    MembershipIn,
    MembershipOut,
    OrganizationIn,
    PlaceFilter,
    RoleGrantIn,
    RoleGrantOut,
    ScopeFilter,
    ScopeOut,
    ScopePatch,
    ScopeTree,
    SearchQuery,
    ShareIn,
    ShareOut,
    TreeQuery,
    UserFilter,
    UserIn,
    UserOut,
    UserPatch,
)


def list_scopes(
    *, kind: str = "", parent_id: UUID | None = None, include_archived: bool = False
) -> QuerySet[Scope]:
    """List the scopes that the caller may view, by name."""
    rows = queries.list_scopes(kind=kind, include_archived=include_archived)
    if parent_id:
        rows = rows.filter(parent_id=queries.get_scope(parent_id).id)
    return rows


def scope_tree(*, include_archived: bool = False) -> Mapping[str, Any]:
    """Return the visible scopes as a tree."""
    return {"roots": queries.scope_tree(include_archived=include_archived)}


def search(*, q: str) -> Mapping[str, Any]:
    """Find visible scopes, people and agents by a part of their name, slug or e-mail address."""
    found = queries.search(q)
    return {"scopes": found.scopes, "users": found.users, "agents": found.agents}


def view_scope(*, scope_id: UUID) -> Scope:
    """Return one scope."""
    scope = queries.get_scope(scope_id)
    authorize("org.view", scope.as_resource())
    return scope


def list_shares(*, scope_id: UUID) -> QuerySet[ScopeShare]:
    """List the people with whom a scope is shared for reading."""
    return queries.list_shares(scope_id=view_scope(scope_id=scope_id).id)


def list_users(*, q: str = "", include_deactivated: bool = False) -> QuerySet[User]:
    """List the people that the caller may see, by name."""
    return queries.list_visible_users(text=q.strip(), include_deactivated=include_deactivated)


def view_user(*, user_id: UUID) -> User:
    """Return one person."""
    user = queries.get_user(user_id)
    queries.authorize_person(user)
    return user


def list_memberships(
    *, scope_id: UUID | None = None, user_id: UUID | None = None
) -> QuerySet[Membership]:
    """List who belongs where, by the person's name, as far as the caller may view the places."""
    rows = queries.list_memberships(scope_id=_known(scope_id), user_id=_person(user_id))
    return rows.filter(queries.permitted_at("org.view", "scope_id"))


def view_membership(*, membership_id: UUID) -> Membership:
    """Return one membership."""
    membership = queries.get_membership(membership_id)
    authorize("org.view", membership.scope.as_resource())
    return membership


def list_grants(
    *, scope_id: UUID | None = None, user_id: UUID | None = None
) -> QuerySet[RoleGrant]:
    """List the roles held now, by the person's name, as far as the caller may view the places."""
    rows = queries.list_grants(scope_id=_known(scope_id), user_id=_person(user_id))
    return rows.filter(queries.permitted_at("org.view", "scope_id"))


def view_grant(*, grant_id: UUID) -> RoleGrant:
    """Return one role grant that is not revoked."""
    grant = queries.get_grant(grant_id)
    authorize("org.view", grant.scope.as_resource())
    return grant


def list_agents(*, owner_id: UUID | None = None, include_ended: bool = False) -> QuerySet[Agent]:
    """List the agents that the caller may view, by name."""
    return queries.list_agents(owner_id=_person(owner_id), live_only=not include_ended)


def view_agent(*, agent_id: UUID) -> Agent:
    """Return one agent, ended or not."""
    agent = queries.get_agent(agent_id)
    authorize("agent.view", agent.as_resource())
    return agent


def view_company() -> Mapping[str, Any]:
    """Return the company and its rules."""
    authorize("org.view", queries.get_root().as_resource())
    return _company(queries.get_company())


def _company(company: Company) -> Mapping[str, Any]:
    root = queries.get_root()
    names = ("id", "is_demo", "role_resolution", "governance_preset", "created_at", "version")
    return {
        **{name: getattr(company, name) for name in names},
        "name": root.name,
        "slug": root.slug,
    }


def _known(scope_id: UUID | None) -> UUID | None:
    return queries.get_scope(scope_id).id if scope_id else None


def _person(user_id: UUID | None) -> UUID | None:
    return queries.get_user(user_id).id if user_id else None


SCOPE = "scopes/<uuid:scope_id>"
USER = "users/<uuid:user_id>"
MEMBERSHIP = "memberships/<uuid:membership_id>"
GRANT = "role-grants/<uuid:grant_id>"
AGENT = "agents/<uuid:agent_id>"

ROUTES = (
    Route(
        method="GET", path="scopes", name="scope.list", call=list_scopes,
        query=ScopeFilter, answers=ScopeOut, order=("name", "id"),
    ),
    Route(
        method="GET", path="scopes/tree", name="scope.tree", call=scope_tree,
        query=TreeQuery, answers=ScopeTree,
    ),
    Route(
        method="GET", path="scopes/search", name="scope.search", call=search,
        query=SearchQuery, answers=Found,
    ),
    Route(
        method="POST", path="scopes/organizations", name="org.init", call=create_organization,
        takes=OrganizationIn, answers=ScopeOut, status=201, located="scopes/{id}",
    ),
    Route(
        method="POST", path="scopes/teams", name="team.create", call=create_team,
        takes=BelowIn, answers=ScopeOut, status=201, located="scopes/{id}",
    ),
    Route(
        method="POST", path="scopes/projects", name="project.init", call=create_project,
        takes=BelowIn, answers=ScopeOut, status=201, located="scopes/{id}",
    ),
    Route(
        method="GET", path=SCOPE, name="scope.view", call=view_scope,
        answers=ScopeOut, is_versioned=True,
    ),
    Route(
        method="PATCH", path=SCOPE, name="scope.update", call=update_scope,
        takes=ScopePatch, answers=ScopeOut, is_versioned=True,
    ),
    Route(
        method="POST", path=f"{SCOPE}/archive", name="scope.archive", call=archive_scope,
        takes=Reason, answers=ScopeOut,
    ),
    Route(
        method="POST", path=f"{SCOPE}/restore", name="scope.restore", call=restore_scope,
        answers=ScopeOut,
    ),
    Route(
        method="GET", path=f"{SCOPE}/shares", name="scope.shares", call=list_shares,
        query=ListQuery, answers=ShareOut, order=("user__name", "id"),
    ),
    Route(
        method="POST", path=f"{SCOPE}/shares", name="scope.share", call=share_scope,
        takes=ShareIn, answers=ShareOut, status=201,
    ),
    Route(
        method="DELETE", path=f"{SCOPE}/shares/<uuid:user_id>", name="scope.unshare",
        call=unshare_scope, status=204,
    ),
    Route(
        method="GET", path="users", name="user.list", call=list_users,
        query=UserFilter, answers=UserOut, order=("name", "id"),
    ),
    Route(
        method="POST", path="users", name="user.register", call=register_user,
        takes=UserIn, answers=UserOut, status=201, located="users/{id}",
    ),
    Route(
        method="GET", path=USER, name="user.view", call=view_user,
        answers=UserOut, is_versioned=True,
    ),
    Route(
        method="PATCH", path=USER, name="user.update", call=update_user,
        takes=UserPatch, answers=UserOut, is_versioned=True,
    ),
    Route(
        method="POST", path=f"{USER}/deactivate", name="user.deactivate", call=deactivate_user,
        takes=Reason, answers=UserOut,
    ),
    Route(
        method="POST", path=f"{USER}/reactivate", name="user.reactivate", call=reactivate_user,
        answers=UserOut,
    ),
    Route(
        method="GET", path="memberships", name="member.list", call=list_memberships,
        query=PlaceFilter, answers=MembershipOut, order=("user__name", "id"),
    ),
    Route(
        method="POST", path="memberships", name="member.add", call=add_member,
        takes=MembershipIn, answers=MembershipOut, status=201, located="memberships/{id}",
    ),
    Route(
        method="GET", path=MEMBERSHIP, name="member.view", call=view_membership,
        answers=MembershipOut,
    ),
    Route(
        method="DELETE", path=MEMBERSHIP, name="member.remove", call=remove_member, status=204,
    ),
    Route(
        method="GET", path="role-grants", name="role.list", call=list_grants,
        query=PlaceFilter, answers=RoleGrantOut, order=("user__name", "id"),
    ),
    Route(
        method="POST", path="role-grants", name="role.grant", call=grant_role,
        takes=RoleGrantIn, answers=RoleGrantOut, status=201, located="role-grants/{id}",
    ),
    Route(
        method="GET", path=GRANT, name="role.view", call=view_grant, answers=RoleGrantOut,
    ),
    Route(
        method="POST", path=f"{GRANT}/revoke", name="role.revoke", call=revoke_role,
        takes=Reason, answers=RoleGrantOut,
    ),
    Route(
        method="GET", path="agents", name="agent.list", call=list_agents,
        query=AgentFilter, answers=AgentOut, order=("name", "id"),
    ),
    Route(
        method="POST", path="agents", name="agent.register", call=register_agent,
        takes=AgentIn, answers=AgentOut, status=201, located="agents/{id}",
    ),
    Route(
        method="GET", path=AGENT, name="agent.view", call=view_agent, answers=AgentOut,
    ),
    Route(
        method="POST", path="agents/<uuid:parent_id>/delegate", name="agent.delegate",
        call=delegate_agent, takes=AgentDelegateIn, answers=AgentOut, status=201,
        located="agents/{id}",
    ),
    Route(
        method="POST", path=f"{AGENT}/revoke", name="agent.revoke", call=revoke_agent,
        takes=Reason, answers=AgentOut,
    ),
    Route(
        method="GET", path="company", name="company.view", call=view_company,
        answers=CompanyOut, is_versioned=True,
    ),
)  # fmt: skip
