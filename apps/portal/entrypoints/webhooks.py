"""Settings, Webhooks: where events are sent, how that went, and secrets that are shown once."""

from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.csv_export import csv_file, csv_url, is_csv
from apps.kernel.entrypoints.form import PageForm
from apps.kernel.entrypoints.listing import Filter, filter_bar, page_of
from apps.kernel.entrypoints.pages import act, choice_param, form_page, signed_in, submit
from apps.orgs.queries import get_root
from apps.webhooks import operations, queries
from apps.webhooks.types import FORMAT_TITLES, URL_LENGTH

from ..settings_tabs import tabs

FORM = ["GET", "HEAD", "POST"]
HEADER = ("id", "name", "format", "address", "patterns", "is_active", "failing_since")
MESSAGE_HEADER = (
    "id", "event", "event_id", "state", "attempts", "status", "ms", "error", "created_at",
)  # fmt: skip
STATES = {"pending": "On its way", "delivered": "Delivered", "dead": "Gave up"}
COLUMNS = (
    {"name": "Event"},
    {"name": "State", "class": "shrink"},
    {"name": "Attempts", "class": "num shrink"},
    {"name": "Answer", "class": "shrink"},
    {"name": "Last problem"},
    {"name": "When", "class": "shrink"},
    {"name": "Actions", "class": "shrink"},
)


class WebhookForm(PageForm):
    """A new webhook: where, in which format, and which events."""

    name = forms.CharField(max_length=120, help_text="What listens there.")
    format = forms.ChoiceField(choices=[(f.value, text) for f, text in FORMAT_TITLES.items()])
    url = forms.CharField(
        label="Address", max_length=URL_LENGTH, help_text="https, on a public host. Kept sealed."
    )
    patterns = forms.CharField(
        label="Events",
        initial="policy.*\nproposal.*",
        help_text="One on each line: policy.activated, policy.* or * for everything.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean_patterns(self) -> list[str]:
        """Return the lines that say something."""
        return self.cleaned_data["patterns"].split()  # type: ignore[no-any-return]


class ChangeForm(WebhookForm):
    """What may be changed; an address that is left out stays."""

    field_order = ("name", "url", "patterns", "is_active")
    format = None  # type: ignore[assignment]
    is_active = forms.BooleanField(label="Switched on", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["url"].required = False
        self.fields["url"].help_text = "Leave it out to keep the present one."


@require_safe
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """Show the company's webhooks."""
    authorize("webhook.view", get_root().as_resource())
    rows = queries.list_webhooks()
    if is_csv(request):
        return csv_file(name="webhooks", header=HEADER, rows=map(_row, rows))
    context = {"webhooks": rows, "csv_url": csv_url(request), **tabs("webhooks")}
    return render(request, "portal/webhooks.html", context)


@require_http_methods(FORM)
@never_cache
@signed_in
def create(request: HttpRequest) -> HttpResponse:
    """Take a new webhook and show its secret, this once."""
    authorize("webhook.view", get_root().as_resource())
    form = WebhookForm(request.POST or None)
    made, status = submit(form, operations.create_webhook) if request.POST else (None, 200)
    if made is None:
        context = {"form": form, **tabs("webhooks")}
        return render(request, "portal/webhook_form.html", context, status=status)
    return _shown(request, *made)


@require_safe
@signed_in
def show(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Show a webhook and what was sent to it."""
    webhook = _visible(webhook_id)
    rows = queries.list_messages(
        webhook_id=webhook.id, state=choice_param(request, "state", STATES)
    )
    if is_csv(request):
        return csv_file(name="webhook-messages", header=MESSAGE_HEADER, rows=map(_sent, rows))
    page = page_of(request, rows, order=("-id",))
    context = {
        "webhook": webhook,
        "pending": queries.count_pending(webhook.id),
        "page": page,
        "columns": COLUMNS,
        "bar": filter_bar(request, placeholder="", filters=[Filter("state", "State", STATES)]),
        **_frame(webhook),
    }
    return render(request, "portal/webhook.html", context)


@require_http_methods(FORM)
@signed_in
def update(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Change a webhook."""
    webhook = _visible(webhook_id)
    return form_page(
        request,
        ChangeForm,
        "portal/webhook_form.html",
        partial(operations.update_webhook, webhook_id=webhook_id),
        done=lambda _: (_url(webhook_id), "Saved."),
        context={"webhook": webhook, **_frame(webhook)},
        initial={
            "name": webhook.name,
            "patterns": "\n".join(webhook.patterns),
            "is_active": webhook.is_active,
        },
    )


@require_POST
@never_cache
@signed_in
def rotate(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Give a webhook a new secret and show it, this once."""
    return _shown(request, *operations.rotate_webhook_secret(webhook_id=webhook_id))


@require_POST
@signed_in
def test(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Send a test event."""
    return act(
        request,
        lambda: operations.send_test(webhook_id=webhook_id),
        done="A test event is on its way. Its answer appears below.",
        next_url=_url(webhook_id),
    )


@require_POST
@signed_in
def delete(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """End a webhook."""
    operations.delete_webhook(webhook_id=webhook_id)
    messages.success(request, "The webhook is deleted.")
    return redirect("portal:webhooks")


@require_POST
@signed_in
def replay(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Send a message that gave up again."""
    message = queries.get_message(message_id)
    return act(
        request,
        lambda: operations.replay_message(message_id=message_id),
        done="It is on its way again.",
        next_url=_url(message.webhook_id),
    )


def _visible(webhook_id: UUID) -> Any:
    webhook = queries.get_webhook(webhook_id)
    authorize("webhook.view", webhook.as_resource())
    return webhook


def _shown(request: HttpRequest, webhook: Any, secret: str) -> HttpResponse:
    context = {"webhook": webhook, "secret": secret, **_frame(webhook)}
    return render(request, "portal/webhook_secret.html", context)


def _frame(webhook: Any) -> dict[str, Any]:
    frame = tabs("webhooks")
    frame["breadcrumb"][-1]["url"] = reverse("portal:webhooks")
    frame["breadcrumb"].append({"name": webhook.name, "url": _url(webhook.id)})
    return frame


def _url(webhook_id: UUID) -> str:
    return reverse("portal:webhook", args=[webhook_id])


def _row(webhook: Any) -> list[Any]:
    return [
        webhook.id, webhook.name, webhook.format, webhook.address, " ".join(webhook.patterns),
        webhook.is_active, webhook.failing_since,
    ]  # fmt: skip


def _sent(message: Any) -> list[Any]:
    return [
        message.public_id, message.event.type, message.event_id, message.state, message.attempts,
        message.last_status, message.last_ms, message.last_error, message.created_at,
    ]  # fmt: skip
