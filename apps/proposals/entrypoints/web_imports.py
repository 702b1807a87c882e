"""The page that imports a bundle of policies: chosen, previewed, then imported as it was seen."""

import base64
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.kernel.entrypoints.changes import changed
from apps.kernel.entrypoints.pages import add_problems, signed_in, submit
from apps.kernel.errors import Conflict, Invalid, NotFound
from apps.orgs import queries as orgs
from apps.policies.entrypoints.scopes import require_somewhere, scope_labels
from apps.policies.queries import body_text

from ..imports import Plan, Row, Step
from ..operations import import_policies, preview_import
from ..types import REASON_LENGTH

TONES = {
    Step.NEW: ("success", "plus"),
    Step.CHANGED: ("info", "pencil"),
    Step.EQUAL: ("neutral", "check"),
    Step.WAITING: ("neutral", "clock"),
    Step.REFUSED: ("error", "circle-x"),
}


class ImportForm(forms.Form):
    """A bundle, where it goes and why; `seen` is the bundle once more when it was previewed."""

    scope_id = forms.UUIDField(label="Into the scope")
    file = forms.FileField(
        label="Bundle",
        error_messages={"required": "Choose a bundle."},
        help_text="A zip file as Export writes it.",
        widget=forms.FileInput(attrs={"class": "input", "accept": ".zip"}),
    )
    justification = forms.CharField(
        label="Why these policies",
        max_length=REASON_LENGTH,
        help_text="Whoever decides about the proposals reads it.",
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 3}),
    )
    with_tests = forms.BooleanField(
        label="With their tests",
        required=False,
        initial=True,
        help_text="Tests name people and places: where these have other names, leave them out.",
        widget=forms.CheckboxInput(attrs={"class": "checkbox"}),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    expected_plan = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, scopes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widget = forms.Select(attrs={"class": "select"}, choices=scopes)
        self.fields["scope_id"].widget = widget
        self.fields["file"].required = not self.data.get("seen")

    def clean(self) -> dict[str, Any]:
        """Put the bundle's bytes in place of the two ways to hand it in."""
        values = super().clean() or {}
        file, seen = values.pop("file", None), values.pop("seen", "")
        try:
            values["bundle"] = file.read() if file else base64.b64decode(seen, validate=True)
        except ValueError:
            self.add_error("file", "Choose the bundle again.")
        return values


@require_http_methods(["GET", "POST"])
@signed_in
def show(request: HttpRequest) -> HttpResponse:
    """Ask for a bundle, show what importing it would do, and do that once it is confirmed."""
    require_somewhere("policy.import")
    form = ImportForm(
        request.POST or None,
        request.FILES or None,
        scopes=_scopes(),
        initial={"scope_id": request.GET.get("scope", "") or str(orgs.get_root().id)},
    )
    if request.method != "POST" or not form.is_valid():
        return _page(request, form, status=422 if form.is_bound else 200)
    given = dict(form.cleaned_data)
    if "confirmed" not in request.POST:
        return _preview(request, form, given)
    done, status = submit(form, import_policies)
    if done is None:
        return _preview(request, form, given, status=status)
    messages.success(request, _outcome(done))
    return redirect("proposals:list" if _proposed(done) else "policies:list")


def _preview(
    request: HttpRequest, form: ImportForm, given: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    names = ("scope_id", "bundle", "with_tests")
    try:
        plan = preview_import(**{name: given[name] for name in names})
    except (Invalid, Conflict, NotFound) as error:
        if not form.errors:
            add_problems(form, error)
        return _page(request, form, status=error.status)
    context = {
        "plan": plan,
        "rows": [_shown(row) for row in plan.rows],
        "is_work": any(row.step in (Step.NEW, Step.CHANGED) for row in plan.rows),
        "proposed": _proposed(plan),
        "again": {
            "scope_id": given["scope_id"],
            "justification": given["justification"],
            "with_tests": "on" if given["with_tests"] else "",
            "seen": base64.b64encode(given["bundle"]).decode(),
            "expected_plan": plan.digest,
        },
    }
    return _page(request, form, context, status=status)


def _page(
    request: HttpRequest,
    form: ImportForm,
    context: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    values = {**(context or {}), "form": form}
    return render(request, "proposals/import.html", values, status=status)


def _scopes() -> list[tuple[str, str]]:
    permitted = orgs.permitted_scope_ids("policy.import")
    return scope_labels(orgs.list_scopes().filter(id__in=permitted))


def _shown(row: Row) -> dict[str, Any]:
    tone, icon = TONES[row.step]
    is_other = row.step is Step.NEW or {"cedar", "rules"} & set(row.edits)
    return {
        "row": row,
        "tone": tone,
        "icon": icon,
        "change": changed(body_text(row.policy), body_text(row.carried)) if is_other else None,
        "edits": [name.replace("_", " ") for name in row.edits],
    }


def _proposed(plan: Plan) -> int:
    return sum(row.is_proposed for row in plan.rows)


def _outcome(plan: Plan) -> str:
    written = sum(plan.counts[step] for step in (Step.NEW, Step.CHANGED))
    if not written:
        return "Everything in the bundle is here already. Nothing was changed."
    made = _proposed(plan)
    words = "proposal was made" if made == 1 else "proposals were made"
    return f"{made} {words}. Nothing is in force before somebody else approves it."
