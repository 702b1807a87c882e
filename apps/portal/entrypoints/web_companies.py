"""Settings: the companies of the installation, for platform administrators, and entering them."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.identity.companies import authorize_at_home, every_company, in_company, open_company
from apps.identity.operations import enter_tenant, leave_tenant
from apps.identity.queries import entries_of
from apps.identity.types import LONGEST_REASON, SHORTEST_REASON
from apps.identity.visits import begin_stay, end_stay
from apps.kernel.entrypoints.csv_export import csv_file, is_csv
from apps.kernel.entrypoints.form import PageForm
from apps.kernel.entrypoints.listing import filter_bar, page_of
from apps.kernel.entrypoints.pages import act, form_page, require_actor, signed_in, text_param

from ..settings_tabs import tabs

FORM = ["GET", "HEAD", "POST"]
HEADER = ("id", "name", "slug", "created_at")
COLUMNS = (
    {"name": "Company"},
    {"name": "Founded", "class": "shrink"},
    {"name": "", "class": "shrink"},
)


class OpenForm(PageForm):
    """A company to open, with the person who will administer it."""

    name = forms.CharField(max_length=120)
    slug = forms.CharField(
        max_length=63,
        help_text="Its short name in addresses: a-z, 0-9 and dashes. It cannot be changed later.",
    )
    admin_name = forms.CharField(label="Its administrator", max_length=120)
    admin_email = forms.EmailField(
        label="Their e-mail",
        max_length=254,
        help_text="They become TenantAdmin and sign in as the company decides.",
    )


class EnterForm(PageForm):
    """Why a company is entered."""

    reason = forms.CharField(
        label="Reason",
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"At least {SHORTEST_REASON} characters. The company's own reviewers read it.",
    )


@require_safe
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """Show the companies of the installation, and where one has entered."""
    actor = require_actor(request)
    with every_company(text_param(request, "q")) as roots:
        if is_csv(request):
            return csv_file(name="companies", header=HEADER, rows=map(_row, roots))
        page, total = page_of(request, roots, order=("name", "id")), roots.count()
        entries = entries_of(UUID(actor.principal.id))
    rows = [
        {"company": one, "entry": entries.get(one.id), "is_home": one.id == actor.tenant_id}
        for one in page.rows
    ]
    bar = filter_bar(request, placeholder="Search name or slug")
    context = {"bar": bar, "rows": rows, "page": page, "total": total, "columns": COLUMNS}
    return render(request, "portal/companies.html", {**context, **tabs("companies")})


@require_http_methods(FORM)
@signed_in
def create(request: HttpRequest) -> HttpResponse:
    """Take a new company: `apps.orgs.operations.create_tenant` and its first administrator."""
    authorize_at_home("tenant.create")
    return form_page(
        request,
        OpenForm,
        "orgs/form.html",
        open_company,
        done=lambda root: (_list(), f"{root.name} is open; its administrator can sign in."),
        context=_frame(
            "New company",
            title="Open a company",
            lead="A tenant of its own: nothing is shared with the others. Its first administrator "
            "makes everything else.",
            verb="Open",
        ),
    )


@require_http_methods(FORM)
@signed_in
def enter(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask why, and let the browser act in the company for an hour."""
    with in_company(slug, action="tenant.enter") as root:
        name = root.name

    def run(*, reason: str) -> Any:
        with in_company(slug, action="tenant.enter"):
            entry = enter_tenant(reason=reason)
        begin_stay(request, name, entry)
        return entry

    return form_page(
        request,
        EnterForm,
        "orgs/form.html",
        run,
        done=lambda _: (reverse("portal:home"), f"You are in {name} now."),
        context=_frame(
            name,
            title=f"Enter {name}?",
            lead="You act there as platform administrator for an hour. Everything is recorded in "
            "its own audit log, with your name and the reason.",
            verb="Enter",
        ),
    )


@require_POST
@signed_in
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """End the stay in a company, from inside or from one's own."""

    def run() -> None:
        with in_company(slug, action="tenant.leave"):
            leave_tenant()
        end_stay(request)

    return act(request, run, done="You have left, and are back at home.", next_url=_list())


def _frame(here: str, **told: str) -> dict[str, Any]:
    crumbs = [*tabs("companies")["breadcrumb"][:1], {"name": "Companies", "url": _list()}]
    return {**told, "back_url": _list(), "breadcrumb": [*crumbs, {"name": here}]}


def _list() -> str:
    return reverse("portal:companies")


def _row(root: Any) -> list[Any]:
    return [root.id, root.name, root.slug, root.created_at]
