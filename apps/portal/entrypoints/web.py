"""The home page and the search behind the command palette."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.kernel.entrypoints.pages import signed_in, text_param

from .. import queries
from ..palette import find


@require_safe
@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for the person, what changed, and whether the agents are up to date."""
    context = {
        "desk": queries.desk(),
        "may_draft": queries.may_somewhere("policy.draft"),
        "breadcrumb": [{"name": "Home"}],
    }
    return render(request, "portal/home.html", context)


@require_safe
@signed_in
def palette(request: HttpRequest) -> HttpResponse:
    """Answer the pages, scopes, people, agents and policies that match."""
    text = text_param(request, "q")
    context = {"groups": find(text), "query": text, "breadcrumb": [{"name": "Search"}]}
    return render(request, "portal/search.html", context)
