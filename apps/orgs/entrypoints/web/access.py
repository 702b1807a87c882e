"""Who belongs to a scope, who holds which role there, and with whom it is shared."""

from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from apps.kernel.authorization import Resource, authorize
from apps.kernel.entrypoints.pages import act, form_page, signed_in

from ... import operations, queries
from ...models import RoleGrant, Scope
from ...types import ROLE_ORDER, ROLE_TITLES, Role
from ..forms import GrantForm, MemberForm
from .around import crumbs, people_choices, rights, scope_url

FORM = ["GET", "HEAD", "POST"]
# (action, with a role where it is about giving one; what a person would ask; about what)
QUESTIONS = (
    ("org.view", "see this place", "Scope"),
    ("policy.draft", "draft a policy here", "Scope"),
    ("policy.export", "export the policies of this place", "Scope"),
    ("policy.import", "import policies into this place", "Scope"),
    ("project.init", "create a project here", "Scope"),
    ("team.create", "create a team here", "Scope"),
    ("org.init", "create an organization here", "Scope"),
    ("scope.update", "rename this place", "Scope"),
    ("scope.archive", "archive this place", "Scope"),
    ("member.add", "add somebody here", "Scope"),
    ("scope.share", "share this place", "Scope"),
    ("role.grant:developer", "make somebody a Developer here", "RoleGrant"),
    ("role.grant:tenant_admin", "make somebody a TenantAdmin here", "RoleGrant"),
    ("audit.view", "read the audit log of this place", "Scope"),
    ("audit.export", "export the audit log of this place", "Scope"),
)


@require_http_methods(FORM)
@signed_in
def add_member(request: HttpRequest, scope_id: UUID) -> HttpResponse:
    """Take somebody who belongs to a scope."""
    scope = queries.get_scope(scope_id)
    authorize("member.add", scope.as_resource())
    return form_page(
        request,
        MemberForm,
        "orgs/form.html",
        partial(operations.add_member, scope_id=scope_id),
        done=lambda row: (_people(scope_id), f"{row.user.name} belongs to {scope.name}."),
        context=_context(
            scope,
            f"Add somebody to {scope.name}",
            "Add",
            lead="Belonging says who works where. It grants nothing.",
        ),
    )


@require_POST
@signed_in
def remove_member(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """Take somebody out of a scope."""
    membership = queries.get_membership(membership_id)
    return act(
        request,
        lambda: operations.remove_member(membership_id=membership_id),
        done=f"{membership.user.name} no longer belongs to {membership.scope.name}.",
        next_url=_people(membership.scope_id),
    )


@require_http_methods(FORM)
@signed_in
def grant_role(request: HttpRequest, scope_id: UUID) -> HttpResponse:
    """Take a role for somebody at a scope."""
    scope = queries.get_scope(scope_id)
    authorize("role.grant", asked_resource("role.grant:viewer", scope))
    return form_page(
        request,
        GrantForm,
        "orgs/form.html",
        partial(operations.grant_role, scope_id=scope_id),
        done=lambda row: (
            _people(scope_id),
            f"{row.user.name} is {ROLE_TITLES[Role(row.role)]} at {scope.name}.",
        ),
        context=_context(
            scope,
            f"Grant a role at {scope.name}",
            "Grant",
            lead="It reaches this place and everything below it, from now on.",
        ),
    )


@require_POST
@signed_in
def revoke_role(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    """Take a role back."""
    grant = queries.get_grant(grant_id)
    return act(
        request,
        lambda: operations.revoke_role(grant_id=grant_id),
        done=f"{grant.user.name} holds {ROLE_TITLES[Role(grant.role)]} no more.",
        next_url=_people(grant.scope_id),
    )


@require_http_methods(FORM)
@signed_in
def share(request: HttpRequest, scope_id: UUID) -> HttpResponse:
    """Take somebody with whom a scope is shared for reading."""
    scope = queries.get_scope(scope_id)
    authorize("scope.share", scope.as_resource())
    return form_page(
        request,
        MemberForm,
        "orgs/form.html",
        partial(operations.share_scope, scope_id=scope_id),
        done=lambda row: (_people(scope_id), f"{row.user.name} may read {scope.name}."),
        context=_context(
            scope,
            f"Share {scope.name} for reading",
            "Share",
            lead="They see this place and what is in it, whatever their roles.",
        ),
    )


@require_POST
@signed_in
def unshare(request: HttpRequest, scope_id: UUID, user_id: UUID) -> HttpResponse:
    """End somebody's share of a scope."""
    user = queries.get_user(user_id)
    return act(
        request,
        lambda: operations.unshare_scope(scope_id=scope_id, user_id=user_id),
        done=f"It is no longer shared with {user.name}.",
        next_url=_people(scope_id),
    )


def people_context(_request: HttpRequest, scope: Scope) -> dict[str, Any]:
    """Return who belongs to a scope, holds a role there, or reads it by a share."""
    grants = list(queries.list_grants(scope_id=scope.id))
    above = list(queries.list_grants().filter(scope_id__in=scope.path[:-1]))
    ranked = sorted(above, key=lambda g: (-ROLE_ORDER.index(Role(g.role)), g.user.name, str(g.id)))
    return {
        "members": queries.list_memberships(scope_id=scope.id),
        "grants": [{"grant": one, "may_revoke": _may_revoke(one)} for one in grants],
        "inherited": ranked[:50],
        "inherited_total": len(ranked),
        "shares": queries.list_shares(scope_id=scope.id),
        "may_grant": rights(asked_resource("role.grant:viewer", scope), ["role.grant"])[
            "role_grant"
        ],
    }


def asked_resource(question: str, scope: Scope) -> Resource:
    """Return what `question` is about: the scope, or a role that would be granted there."""
    action, _, role = question.partition(":")
    if action != "role.grant":
        resource: Resource = scope.as_resource()
        return resource
    return Resource(
        type="RoleGrant",
        id="new",
        name=f"{ROLE_TITLES[Role(role)]} at {scope.name}",
        scope_id=str(scope.id),
        attributes={"role": role},
    )


def _may_revoke(grant: RoleGrant) -> bool:
    return rights(grant.as_resource(), ["role.revoke"])["role_revoke"]


def _people(scope_id: UUID) -> str:
    return reverse("orgs:section", args=[scope_id, "people"])


def _context(scope: Scope, title: str, verb: str, *, lead: str) -> dict[str, Any]:
    return {
        "title": title,
        "lead": lead,
        "verb": verb,
        "people": people_choices(),
        "back_url": scope_url(scope.id, "people"),
        "breadcrumb": crumbs(scope, verb),
    }
