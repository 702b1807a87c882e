"""Deciding about several proposals of the list at once: what is chosen, and what became of it."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST

from apps.kernel.entrypoints.afterwards import Afterwards
from apps.kernel.entrypoints.pages import require_actor, signed_in
from apps.kernel.errors import Invalid
from apps.kernel.tenancy import acting_as

from .. import queries
from ..triage import MOST, Item, Verb, clean_triage, triage
from ..types import REASON_LENGTH

# Of each verb: what the page is called, what its button says and looks like, and what follows.
LOOKS = {
    Verb.APPROVE: ("Approve", "primary", "check", "With the last approval needed each is applied."),
    Verb.REJECT: ("Reject", "danger", "x", "Their authors read the reason and may revise them."),
    Verb.REMIND: ("Remind", "primary", "clock", "Those who are asked now are told again."),
}


class TriageForm(forms.Form):
    """One reason for all that was chosen."""

    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"class": "textarea", "rows": 3, "autofocus": True}),
    )


@require_POST
@signed_in
def decide(request: HttpRequest) -> HttpResponse:
    """Show what was chosen and ask for the reason; once that is confirmed, do it."""
    items = [_read(text) for text in request.POST.getlist("proposal")[: MOST + 1]]
    form = TriageForm(request.POST if "confirmed" in request.POST else None)
    reason = request.POST.get("reason", "") if form.is_bound else "not asked yet"
    try:
        verb = clean_triage(verb=request.POST.get("verb", ""), items=items, reason=reason)
    except Invalid as error:
        if not form.is_bound or set(error.fields) != {"reason"}:
            return _unclear(request, error)
        form.is_valid()
        form.add_error("reason", " ".join(error.fields["reason"]))
        return _ask(request, Verb(request.POST["verb"]), items, form, status=error.status)
    if not form.is_bound or not form.is_valid():
        return _ask(request, verb, items, form, status=422 if form.is_bound else 200)
    return _do(request, verb, items, form.cleaned_data["reason"])


def _do(request: HttpRequest, verb: Verb, items: list[Item], reason: str) -> HttpResponse:
    actor = require_actor(request)

    def work() -> HttpResponseBase:
        results = list(triage(actor=actor, verb=verb, items=items, reason=reason))
        done = sum(result.is_done for result in results)
        context = {"results": results, "done": done, "failed": len(results) - done}
        with acting_as(actor):
            return render(request, "proposals/triage_results.html", context)

    return Afterwards(work)


def _ask(
    request: HttpRequest, verb: Verb, items: list[Item], form: TriageForm, *, status: int
) -> HttpResponse:
    title, tone, icon, text = LOOKS[verb]
    known = {one.id: one for one in queries.list_proposals().filter(id__in=[i.id for i in items])}
    chosen = [
        {"proposal": known[item.id], "value": f"{item.id}:{item.version or ''}"}
        for item in items
        if item.id in known
    ]
    context: dict[str, Any] = {
        "verb": verb,
        "chosen": chosen,
        "form": form,
        "look": {"title": title, "tone": tone, "icon": icon, "text": text},
        "has_reason": verb is not Verb.REMIND,
        "needs_reason": verb is Verb.REJECT,
    }
    return render(request, "proposals/triage.html", context, status=status)


def _unclear(request: HttpRequest, error: Invalid) -> HttpResponse:
    texts = [text for texts in error.fields.values() for text in texts]
    context = {"refusals": texts}
    return render(request, "proposals/triage_results.html", context, status=error.status)


def _read(text: str) -> Item:
    id, _, version = text.partition(":")
    try:
        return Item(UUID(id), int(version) if version else None)
    except ValueError as error:
        raise Invalid(fields={"proposal": ["This is not a proposal."]}) from error
