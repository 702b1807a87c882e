"""The page on which a policy is said in words: questions, what it means, then a draft."""

import json
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from apps.kernel.entrypoints.pages import signed_in, submit
from apps.orgs import queries as orgs

from ..intents import Ambiguous, Understood, Waiting
from ..intents.types import MAX_INTENT_CHARACTERS
from ..rules import rules_text
from ..translating import Translation, translate_intent
from ..types import MODES, SEVERITIES, MergeStrategy, PolicyMode, Severity
from .scopes import require_somewhere, scope_labels

EXAMPLES = (
    "Block lodash below 4.17.21 because of prototype pollution, use es-toolkit instead",
    "Every project must have a SECURITY.md file",
    "Only architects may deploy between 18:00 and 8:00",
    "Agents must not read .env files",
    "Require MFA for deployments",
    "tsconfig.json must set compilerOptions.strict to true",
    "Python code must not contain `eval(`",
    "Block MySQL",
)
MAX_ANSWERS = 4_000


class IntentForm(forms.Form):
    """What is wanted, where, and the answers that were given to questions so far."""

    scope_id = forms.UUIDField(label="Scope")
    intent = forms.CharField(
        label="What do you want?",
        max_length=MAX_INTENT_CHARACTERS,
        widget=forms.Textarea(
            attrs={"class": "textarea", "rows": 4, "placeholder": EXAMPLES[0], "autofocus": True}
        ),
    )
    answers = forms.CharField(required=False, max_length=MAX_ANSWERS, widget=forms.HiddenInput)
    key = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)
    answer = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)

    def __init__(self, *args: Any, scopes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scope_id"]
        field.widget = forms.Select(attrs={"class": "select"}, choices=scopes)
        field.help_text = "It reaches this scope and everything below."

    def clean_intent(self) -> str:
        return str(self.cleaned_data["intent"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        answers = _answers(values.pop("answers", ""))
        key, answer = values.pop("key", ""), values.pop("answer", "")
        return {**values, "answers": answers | ({key: answer} if key and answer else {})}


@require_http_methods(["GET", "POST"])
@signed_in
def say(request: HttpRequest) -> HttpResponse:
    """Take an intent in words; show a question, or what it means and the draft to write."""
    require_somewhere("policy.draft")
    permitted = orgs.permitted_scope_ids("policy.draft")
    scopes = scope_labels(orgs.list_scopes().filter(id__in=permitted))
    initial = {name: request.GET.get(name, "") for name in ("intent",)}
    initial["scope_id"] = request.GET.get("scope", "") or str(orgs.get_root().id)
    form = IntentForm(request.POST or None, scopes=scopes, initial=initial)
    translation, status = (None, 200)
    if request.method == "POST":
        translation, status = submit(form, translate_intent)
    context = {"form": form, "examples": EXAMPLES, **_shown(translation)}
    return render(request, "policies/say.html", context, status=status)


def _answers(text: str) -> dict[str, str]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(key): str(value) for key, value in found.items()}


def _shown(translation: Translation | None) -> dict[str, Any]:
    if translation is None:
        return {}
    outcome = translation.outcome
    shown: dict[str, Any] = {"outcome": outcome, "kind": type(outcome).__name__}
    if isinstance(outcome, Ambiguous | Understood | Waiting):
        shown["answers"] = json.dumps(dict(outcome.answers), sort_keys=True)
    return shown | _drafted(translation)


def _drafted(translation: Translation) -> dict[str, Any]:
    draft = translation.draft
    if draft is None:
        return {}
    rules = [dict(rule) for rule in draft.rules]
    names = ("name", "description", "severity", "mode", "cedar")
    return {
        "draft": draft,
        "scope": translation.scope,
        "explanation": translation.explanation,
        "rules": rules_text(rules),
        "severity_words": SEVERITIES[Severity(draft.severity)],
        "mode_words": MODES[PolicyMode(draft.mode)],
        "fields": [
            ("scope_id", translation.scope.id),
            *((name, getattr(draft, name)) for name in names),
            ("merge_strategy", MergeStrategy.MERGE.value),
            ("rules", rules_text(rules)),
        ],
    }
