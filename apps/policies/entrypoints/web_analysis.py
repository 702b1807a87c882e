"""The page of what a working copy would change if it came into force now."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.kernel.authorization import authorize, decide
from apps.kernel.entrypoints.csv_export import csv_file, is_csv
from apps.kernel.entrypoints.pages import signed_in

from .. import queries
from ..operations import analyze_policy
from .analysis import analysis_of, is_requested
from .impact import CSV_HEADER, csv_rows, page_of_lines, working_copy_impact


@require_GET
@signed_in
def show(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """Show what the working copy would change, or that this is being found out."""
    policy = queries.get_policy(policy_id)
    authorize("policy.view", policy.as_resource())
    context = {
        "policy": policy,
        "analysis": analysis_of(policy),
        "impact": working_copy_impact(policy, is_asked=is_requested(policy)),
        "can_analyze": decide("policy.analyze", policy.as_resource()).allowed,
    }
    return render(request, "policies/analysis.html", context)


@require_GET
@signed_in
def impact(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """Show everybody who gains or loses by a working copy, a page at a time, or as a file."""
    policy = queries.get_policy(policy_id)
    authorize("policy.view", policy.as_resource())
    view = working_copy_impact(policy, is_asked=is_requested(policy))
    if is_csv(request):
        rows = csv_rows(view.telling) if view.telling else ()
        return csv_file(name="impact", header=CSV_HEADER, rows=rows)
    context = {"policy": policy, "impact": view}
    if view.telling:
        context |= page_of_lines(request, view.telling)
    return render(request, "policies/impact_page.html", context)


@require_POST
@signed_in
def analyze(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """Have the working copy analysed, and show the result."""
    analyze_policy(policy_id=policy_id)
    return redirect("policies:analysis", policy_id=policy_id)
