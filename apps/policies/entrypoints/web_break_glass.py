"""Pages about break-glasses: all of them, one of them, and opening one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.kernel.authorization import authorize, decide
from apps.kernel.entrypoints.csv_export import csv_file, csv_url, is_csv
from apps.kernel.entrypoints.form import PageForm
from apps.kernel.entrypoints.listing import page_of
from apps.kernel.entrypoints.pages import signed_in, submit
from apps.orgs.checks import TEXT_LENGTH
from apps.orgs.queries import get_root, list_agents, list_visible_users

from .. import queries
from ..analysis import load_schema
from ..glass import Standing, read_grant, standing_of
from ..models import BreakGlass
from ..operations import end_break_glass, open_break_glass, review_break_glass
from ..types import BREAK_GLASS_MINUTES, MAX_BREAK_GLASS_MINUTES, BreakGlassState

COLUMNS = (
    {"name": "Opened"},
    {"name": "State", "class": "shrink"},
    {"name": "Who"},
    {"name": "May"},
    {"name": "Ends", "class": "shrink"},
)
CSV_HEADER = (
    "id", "state", "author", "reason", "principals", "actions", "resources", "started_at",
    "ends_at", "ended_at", "ended_by", "reviewed_at", "reviewed_by", "note",
)  # fmt: skip
SUGGESTED = 200


class LinesField(forms.CharField):
    """A text of several lines as a list of those that say something."""

    def clean(self, value: Any) -> Any:
        """Return the lines without surrounding blanks; raises ValidationError if there is none."""
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


def _lines(label: str, help_text: str, example: str) -> LinesField:
    attributes = {
        "class": "textarea font-mono",
        "rows": 2,
        "placeholder": example,
        "spellcheck": "false",
    }
    widget = forms.Textarea(attrs=attributes)
    return LinesField(label=label, help_text=help_text, max_length=4000, widget=widget)


class OpenForm(PageForm):
    """Who may do what to what at once, for how long, and why."""

    principals = _lines(
        "Who", "E-mail addresses of people or ids of agents, one a line.", "ann@example.com"
    )
    actions = forms.MultipleChoiceField(label="May", widget=forms.CheckboxSelectMultiple)
    resources = _lines(
        "To what",
        "As Cedar writes it, one a line; a Scope is everything in it.",
        'Tool::"deploy"',
    )
    reason = forms.CharField(
        label="Why it cannot wait",
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 2}),
    )
    minutes = forms.IntegerField(
        label="For how many minutes",
        min_value=1,
        max_value=MAX_BREAK_GLASS_MINUTES,
        initial=BREAK_GLASS_MINUTES,
        widget=forms.NumberInput(attrs={"class": "input"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = sorted({one.action_id for one in load_schema(queries.agent_schema()).environments})
        self.fields["actions"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]


class ReviewForm(PageForm):
    """What another administrator found."""

    note = forms.CharField(
        label="What you found",
        max_length=TEXT_LENGTH,
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 3}),
    )


@require_GET
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """Show every break-glass of the company, newest first."""
    root = get_root().as_resource()
    authorize("policy.view", root)
    rows = queries.list_break_glasses()
    if is_csv(request):
        return csv_file(name="break-glasses", header=CSV_HEADER, rows=map(_csv_row, rows))
    context = {
        "page": page_of(request, rows, order=("-id",)),
        "columns": COLUMNS,
        "csv_url": csv_url(request),
        "can_open": decide("break_glass.open", root).allowed,
    }
    return render(request, "policies/break_glasses.html", context)


@require_GET
@signed_in
def show(request: HttpRequest, glass_id: UUID) -> HttpResponse:
    """Show one break-glass, and what its reader may do about it."""
    return _page(request, glass_id, ReviewForm())


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def create(request: HttpRequest) -> HttpResponse:
    """Open a break-glass, or first say what the policies in force make of it."""
    authorize("break_glass.open", get_root().as_resource())
    form = OpenForm(request.POST or None)
    if request.method != "POST":
        return _form(request, form)
    if "check" in request.POST:
        standings, status = submit(form, _check)
        return _form(request, form, standings=standings, status=status)
    glass, status = submit(form, open_break_glass)
    if glass is None:
        return _form(request, form, status=status)
    messages.warning(request, "It is open. Every agent gets it with the revision published now.")
    return redirect("policies:break_glass", glass_id=glass.id)


@require_POST
@signed_in
def end(request: HttpRequest, glass_id: UUID) -> HttpResponse:
    """End a break-glass before its time."""
    end_break_glass(glass_id=glass_id)
    messages.success(request, "It is over. Somebody other than who opened it reviews it.")
    return redirect("policies:break_glass", glass_id=glass_id)


@require_POST
@signed_in
def review(request: HttpRequest, glass_id: UUID) -> HttpResponse:
    """Close a break-glass with what its reviewer found."""
    form = ReviewForm(request.POST)
    done, status = submit(form, review_break_glass, glass_id=glass_id)
    if done is None:
        return _page(request, glass_id, form, status=status)
    messages.success(request, "It is reviewed.")
    return redirect("policies:break_glass", glass_id=glass_id)


def _page(
    request: HttpRequest, glass_id: UUID, form: ReviewForm, *, status: int = 200
) -> HttpResponse:
    authorize("policy.view", get_root().as_resource())
    glass = queries.get_break_glass(glass_id)
    resource = glass.as_resource()
    is_open = glass.state == BreakGlassState.OPEN
    is_reviewed = glass.state == BreakGlassState.REVIEWED
    context = {
        "glass": glass,
        "telling": queries.cedar_in_words(glass.cedar),
        "can_end": is_open and decide("break_glass.end", resource).allowed,
        "can_review": not is_reviewed and decide("break_glass.review", resource).allowed,
        "form": form,
    }
    return render(request, "policies/break_glass.html", context, status=status)


def _form(
    request: HttpRequest,
    form: OpenForm,
    *,
    standings: Sequence[Standing] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "standings": standings,
        "people": list_visible_users()[:SUGGESTED],
        "agents": list_agents(live_only=True)[:SUGGESTED],
    }
    return render(request, "policies/break_glass_open.html", context, status=status)


def _check(
    *, principals: Sequence[str], actions: Sequence[str], resources: Sequence[str], **_rest: Any
) -> list[Standing]:
    return standing_of(read_grant(principals=principals, actions=actions, resources=resources))


def _csv_row(glass: BreakGlass) -> tuple[Any, ...]:
    people = (glass.ended_by, glass.reviewed_by)
    ended_by, reviewed_by = (one.email if one else None for one in people)
    return (
        glass.id, glass.state, glass.author.email, glass.reason, " ".join(glass.principals),
        " ".join(glass.actions), " ".join(glass.resources), glass.started_at, glass.ends_at,
        glass.ended_at, ended_by, glass.reviewed_at, reviewed_by, glass.note,
    )  # fmt: skip
