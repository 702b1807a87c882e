"""The page of what a working copy would change if it came into force now."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.kernel.authorization import authorize, decide
from apps.kernel.entrypoints.pages import signed_in

from .. import queries
from ..operations import analyze_policy
from .analysis import analysis_of


@require_GET
@signed_in
def show(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """Show what the working copy would change, or that this is being found out."""
    policy = queries.get_policy(policy_id)
    authorize("policy.view", policy.as_resource())
    context = {
        "policy": policy,
        "analysis": analysis_of(policy),
        "can_analyze": decide("policy.analyze", policy.as_resource()).allowed,
    }
    return render(request, "policies/analysis.html", context)


@require_POST
@signed_in
def analyze(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """Have the working copy analysed, and show the result."""
    analyze_policy(policy_id=policy_id)
    return redirect("policies:analysis", policy_id=policy_id)
