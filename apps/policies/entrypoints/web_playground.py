"""The playground: any question, put to what is in force and to a working copy, by its address."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.kernel.authorization import authorize, decide
from apps.kernel.entrypoints.pages import signed_in, submit
from apps.kernel.errors import Invalid
from apps.orgs import queries as orgs

from .. import queries
from ..analysis import load_schema
from ..operations import add_test
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


class KeepForm(forms.Form):
    """What a test is called and what its answer must be; the question stays as it was asked."""

    name = forms.CharField(
        label="Name",
        max_length=120,
        widget=forms.TextInput(attrs={"class": "input", "placeholder": "What it makes sure of"}),
    )
    expected = forms.ChoiceField(
        label="The answer must be",
        choices=[("allow", "allowed"), ("deny", "denied")],
        widget=forms.Select(attrs={"class": "select"}),
    )


@require_GET
@signed_in
def show(request: HttpRequest) -> HttpResponse:
    """Show the question that the address holds, and its answer."""
    return _page(request)


@require_POST
@signed_in
def keep(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """Keep the question of the address as a test of a policy."""
    authorize("policy.view", queries.get_policy(policy_id).as_resource())
    asked = PlaygroundForm(request.GET, choices=_choices())
    form = KeepForm(request.POST)
    if not asked.is_valid():
        return _page(request, keep_form=form, status=Invalid.status)
    test, status = submit(form, add_test, policy_id=policy_id, question=_kept(asked))
    if test is None:
        return _page(request, keep_form=form, status=status)
    messages.success(request, f"{test.name} is a test now.")
    return redirect("policies:view", policy_id=policy_id)


def address_of(policy_id: UUID, question: Mapping[str, Any]) -> str:
    """Return the playground's address of a question that was kept."""
    asked = {
        "policy": str(policy_id),
        "principal": question["principal"],
        "action": question["action"],
        "kind": question["resource_type"],
        "resource": question["resource_id"],
        "place": question.get("place", ""),
        "attributes": json.dumps(question.get("attributes", {})),
        "context": json.dumps(question.get("context", {})),
    }
    return f"{reverse('policies:playground')}?{urlencode(asked)}"


def _page(
    request: HttpRequest, *, keep_form: KeepForm | None = None, status: int = 200
) -> HttpResponse:
    require_somewhere("policy.simulate")
    is_asked = "principal" in request.GET
    initial = {"policy": request.GET.get("policy", "")}
    form = PlaygroundForm(request.GET if is_asked else None, choices=_choices(), initial=initial)
    answer, found = submit(form, _asked) if is_asked else (None, 200)
    context = {
        "form": form,
        "answer": answer,
        "address": request.build_absolute_uri(),
        "people": orgs.list_visible_users()[:PEOPLE],
        "agents": orgs.list_agents(live_only=True)[:PEOPLE],
        **_keeping(form, answer, keep_form),
    }
    return render(request, "policies/playground.html", context, status=max(status, found))


def _keeping(
    form: PlaygroundForm, answer: Comparison | None, keep_form: KeepForm | None
) -> dict[str, Any]:
    """Return how the question can be kept as a test of the policy that was chosen, if it can."""
    if answer is None or answer.then is None:
        return {}
    policy = queries.get_policy(form.cleaned_data["policy"])
    if not decide("policy.add_test", policy.as_resource()).allowed:
        return {}
    expected = "allow" if answer.then.is_allowed else "deny"
    return {"policy": policy, "keep_form": keep_form or KeepForm(initial={"expected": expected})}


def _kept(asked: PlaygroundForm) -> dict[str, Any]:
    values = asked.cleaned_data
    return {
        "principal": values["principal"].strip(),
        "action": values["action"],
        "resource_type": values["kind"],
        "resource_id": values["resource"],
        "place": values["place"],
        "attributes": parse_object(values["attributes"], name="attributes"),
        "context": parse_object(values["context"], name="context"),
    }


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
