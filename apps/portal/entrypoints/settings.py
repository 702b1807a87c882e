"""Settings: one's own account, the company's rules, and what this installation is."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.pages import form_page, require_actor, signed_in
from apps.orgs.governance import Setting
from apps.orgs.queries import get_company, get_root, is_permitted, list_grants, list_memberships
from apps.orgs.types import RoleResolution
from apps.proposals.operations import propose_change
from apps.proposals.types import REASON_LENGTH, ProposalKind

from ..settings_tabs import tabs

EXPLAINED = {
    RoleResolution.MOST_PERMISSIVE: "Most permissive: the highest role that reaches a place counts",
    RoleResolution.LEAST_PERMISSIVE: "Least permissive: the lowest role that reaches it counts",
}


class CompanyForm(forms.Form):
    """How the company's rules should be, and why."""

    role_resolution = forms.ChoiceField(
        label="When several roles reach the same place",
        choices=[(value.value, text) for value, text in EXPLAINED.items()],
        widget=forms.RadioSelect(attrs={"class": "radio radio-primary"}),
    )
    justification = forms.CharField(
        label="Why",
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 2, "maxlength": REASON_LENGTH}),
    )


@require_safe
@signed_in
def account(request: HttpRequest) -> HttpResponse:
    """Show the person's own details, roles and places; a visitor has none, only the company's."""
    if request.entry is not None:  # type: ignore[attr-defined]
        return redirect("portal:company.configure")
    user: Any = request.user
    context = {
        "grants": list_grants(user_id=user.id),
        "memberships": list_memberships(user_id=user.id),
        **tabs("account"),
    }
    return render(request, "portal/account.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def company(request: HttpRequest) -> HttpResponse:
    """Show the company's rules, and propose others."""
    root, present = get_root(), get_company()
    authorize("org.view", root.as_resource())
    context = {
        "company": present,
        "root": root,
        "may_change": is_permitted("governance.propose", root.as_resource()),
        "chosen": EXPLAINED[RoleResolution(present.role_resolution)],
        **tabs("company"),
    }
    return form_page(
        request,
        CompanyForm,
        "portal/company.html",
        _propose_resolution,
        done=lambda proposal: (
            reverse("proposals:view", args=[proposal.id]),
            f"Proposal #{proposal.number} now waits for a decision.",
        ),
        context=context,
        initial={"role_resolution": present.role_resolution},
    )


def _propose_resolution(*, role_resolution: str, justification: str) -> Any:
    return propose_change(
        scope_id=get_root().id,
        kind=ProposalKind.GOVERNANCE_SETTING,
        payload={
            "setting": Setting.ROLE_RESOLUTION,
            "value": {"role_resolution": role_resolution},
        },
        justification=justification,
    )


@require_safe
@signed_in
def about(request: HttpRequest) -> HttpResponse:
    """Show what this installation is and where its other doors are."""
    actor = require_actor(request)
    facts = [
        {"name": "Version", "value": settings.SPECTACULAR_SETTINGS["VERSION"]},
        {"name": "Installation", "value": settings.ENVIRONMENT.aeterna_environment.value},
        {"name": "Company id", "code": str(actor.tenant_id)},
        {"name": "Address", "code": settings.PUBLIC_URL},
        {"name": "REST", "code": f"{settings.PUBLIC_URL}/api/v1/"},
    ]
    return render(request, "portal/about.html", {"facts": facts, **tabs("about")})
