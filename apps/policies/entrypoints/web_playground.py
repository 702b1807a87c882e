"""The playground: any question, put to what is in force and to a working copy, by its address."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.kernel.entrypoints.pages import signed_in, submit
from apps.orgs import queries as orgs

from .. import queries
from ..analysis import load_schema
from ..playground import Comparison, parse_object
from .evaluation import evaluate
from .scopes import require_somewhere

PEOPLE = 200


class PlaygroundForm(forms.Form):
    """Who wants to do what to what, and under which circumstances."""

    policy = forms.UUIDField(label="With the working copy of", required=False)
    principal = forms.CharField(
        label="Who",
        max_length=254,
        help_text="The e-mail address of a person, or the id of an agent.",
        widget=forms.TextInput(attrs={"class": "input", "list": "playground-people"}),
    )
    action = forms.CharField(label="Does")
    kind = forms.CharField(label="To a")
    resource = forms.CharField(
        label="Named",
        max_length=300,
        help_text="A path, a name; for a Scope its slug path.",
        widget=forms.TextInput(attrs={"class": "input"}),
    )
    place = forms.CharField(label="Which lies in", required=False)
    attributes = forms.CharField(
        label="Its attributes",
        required=False,
        help_text='JSON, such as {"path": "src/app.py"}.',
        widget=forms.Textarea(attrs={"class": "textarea mono", "rows": 2, "maxlength": 4000}),
    )
    context = forms.CharField(
        label="Circumstances",
        required=False,
        help_text='JSON, such as {"mfa": true, "hour": 9}.',
        widget=forms.Textarea(attrs={"class": "textarea mono", "rows": 2, "maxlength": 4000}),
    )

    def __init__(self, *args: Any, choices: dict[str, list[tuple[str, str]]], **kw: Any) -> None:
        super().__init__(*args, **kw)
        for name, options in choices.items():
            widget = forms.Select(attrs={"class": "select"}, choices=options)
            self.fields[name].widget = widget


@require_GET
@signed_in
def show(request: HttpRequest) -> HttpResponse:
    """Show the question that the address holds, and its answer."""
    require_somewhere("policy.simulate")
    is_asked = "principal" in request.GET
    initial = {"policy": request.GET.get("policy", "")}
    form = PlaygroundForm(request.GET if is_asked else None, choices=_choices(), initial=initial)
    answer, status = submit(form, _asked) if is_asked else (None, 200)
    context = {
        "form": form,
        "answer": answer,
        "address": request.build_absolute_uri(),
        "people": orgs.list_visible_users()[:PEOPLE],
        "agents": orgs.list_agents(live_only=True)[:PEOPLE],
    }
    return render(request, "policies/playground.html", context, status=status)


def _asked(
    *,
    kind: str,
    resource: str,
    policy: UUID | None = None,
    attributes: str = "",
    context: str = "",
    **values: Any,
) -> Comparison:
    return evaluate(
        resource=(kind, resource),
        policy_id=policy,
        attributes=parse_object(attributes, name="attributes"),
        context=parse_object(context, name="context"),
        **values,
    )


def _choices() -> dict[str, list[tuple[str, str]]]:
    environments = load_schema(queries.agent_schema()).environments
    places = sorted(orgs.scope_places().items(), key=lambda item: item[1])
    seen = orgs.permitted_scope_ids("org.view")
    policies = queries.list_policies().exclude(cedar="")
    return {
        "policy": [("", "nothing: only what is in force")]
        + [(str(policy.id), policy.name) for policy in policies],
        "action": _same(one.action_id for one in environments),
        "kind": _same(one.resource for one in environments),
        "place": [("", "no scope")] + [(path, path) for id, path in places if str(id) in seen],
    }


def _same(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(set(names))]
