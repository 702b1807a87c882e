"""What the audit page's address may ask for, judged field by field."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest

from apps.events.types import Outcome
from apps.kernel import clock
from apps.kernel.entrypoints.form import PageForm
from apps.kernel.errors import Invalid

from ..queries import Criteria

MAX_TEXT = 200
PERIODS = {"1h": "Last hour", "24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days"}
LENGTHS = {
    "1h": timedelta(hours=1),
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
OUTCOMES = {Outcome.DONE.value: "Done", Outcome.DENIED.value: "Denied"}
LOCAL = "%Y-%m-%dT%H:%M"


class CriteriaForm(PageForm):
    """The filters of the audit log; times are in UTC."""

    q = forms.CharField(max_length=MAX_TEXT, required=False)
    actor = forms.CharField(max_length=64, required=False)
    action = forms.CharField(max_length=80, required=False)
    kind = forms.CharField(max_length=40, required=False)
    resource = forms.CharField(max_length=64, required=False)
    scope = forms.UUIDField(required=False)
    outcome = forms.ChoiceField(choices=[("", ""), *OUTCOMES.items()], required=False)
    period = forms.ChoiceField(choices=[("", ""), *PERIODS.items()], required=False)
    since = forms.DateTimeField(
        required=False,
        label="From",
        input_formats=[LOCAL, "%Y-%m-%d"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL),
    )
    until = forms.DateTimeField(
        required=False,
        label="Until",
        input_formats=[LOCAL, "%Y-%m-%d"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL),
    )
    request_id = forms.CharField(max_length=64, required=False, label="Request")


def read_criteria(request: HttpRequest) -> tuple[CriteriaForm, Criteria]:
    """Return the address's filters; Invalid, naming each field that is wrong."""
    form = CriteriaForm(request.GET)
    if not form.is_valid():
        errors = form.errors.get_json_data()
        raise Invalid(fields={name: [str(e["message"]) for e in errors[name]] for name in errors})
    values = form.cleaned_data
    return form, Criteria(
        actor_id=values["actor"],
        action=values["action"],
        resource_type=values["kind"],
        resource_id=values["resource"],
        scope_id=values["scope"],
        outcome=values["outcome"],
        since=_since(values),
        until=values["until"],
        request_id=values["request_id"],
        text=values["q"],
    )


def _since(values: dict[str, Any]) -> datetime | None:
    since: datetime | None = values["since"]
    period = values["period"]
    if not period:
        return since
    begin: datetime = clock.now() - LENGTHS[period]
    return max(begin, since) if since else begin
