"""Settings: API tokens, which are shown once, and the browsers one is signed in with."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.identity import operations, queries
from apps.identity.sessions import hashed
from apps.identity.types import READ
from apps.kernel import clock
from apps.kernel.authorization import agent_actions
from apps.kernel.entrypoints.csv_export import csv_file, csv_url, is_csv
from apps.kernel.entrypoints.form import PageForm
from apps.kernel.entrypoints.pages import act, require_actor, signed_in, submit
from apps.kernel.errors import Conflict, Invalid
from apps.orgs.queries import list_agents

from ..lifetimes import LIFETIMES, from_now
from ..settings_tabs import tabs

HEADER = ("id", "name", "holder", "scopes", "ends_with", "created_at", "expires_at", "last_used_at")


class TokenForm(PageForm):
    """A new token: what it is for, for how long, for which agent, and what it may do."""

    name = forms.CharField(max_length=120, help_text="What will use it.")
    expires_at = forms.TypedChoiceField(
        label="Ends after", choices=list(LIFETIMES.items()), coerce=int, initial="30"
    )
    agent_id = forms.TypedChoiceField(
        label="Acts as", required=False, coerce=UUID, empty_value=None, choices=[]
    )
    scopes = forms.MultipleChoiceField(
        label="May", required=False, widget=forms.CheckboxSelectMultiple, choices=[]
    )

    def __init__(self, *args: Any, owner_id: UUID, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agents = [(str(one.id), f"my agent {one.name}") for one in list_agents(owner_id=owner_id)]
        nouns = sorted({action.partition(".")[0] for action in agent_actions()} | {"token"})
        self.fields["agent_id"].choices = [("", "me"), *agents]  # type: ignore[attr-defined]
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (READ, "read everything"),
            *((f"{noun}.*", f"{noun}.*") for noun in nouns),
        ]

    def clean_expires_at(self) -> Any:
        """Return the moment that lies the chosen number of days ahead."""
        return from_now(self.cleaned_data["expires_at"])


@require_safe
@signed_in
def index(request: HttpRequest) -> HttpResponse:
    """Show one's live tokens."""
    tokens = queries.list_own_tokens()
    if is_csv(request):
        return csv_file(name="tokens", header=HEADER, rows=map(_row, tokens))
    return render(request, "portal/tokens.html", {"tokens": tokens, **_frame(request)})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
def create(request: HttpRequest) -> HttpResponse:
    """Take a new token and show its text, this once."""
    owner_id = UUID(require_actor(request).principal.id)
    form = TokenForm(request.POST or None, owner_id=owner_id)
    if request.method != "POST":
        return render(request, "portal/token_form.html", {"form": form, **_frame(request)})
    made, status = submit(form, operations.create_token)
    if made is None:
        context = {"form": form, **_frame(request)}
        return render(request, "portal/token_form.html", context, status=status)
    return _shown(request, *made)


@require_POST
@never_cache
@signed_in
def rotate(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """Replace a token's secret and show the new text, this once."""
    try:
        made = operations.rotate_token(token_id=token_id)
    except (Conflict, Invalid) as error:
        messages.error(request, error.detail)
        return index(request)
    return _shown(request, *made)


@require_POST
@signed_in
def revoke(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """End a token."""
    return act(
        request,
        lambda: operations.revoke_token(token_id=token_id),
        done="The token is revoked. Whatever used it is signed out.",
        next_url=reverse("portal:tokens"),
    )


@require_safe
@signed_in
def sessions(request: HttpRequest) -> HttpResponse:
    """Show the browsers one is signed in with."""
    here = hashed(request.session.session_key or "")
    rows = [
        {"session": one, "is_here": one.session_key == here} for one in queries.list_own_sessions()
    ]
    return render(request, "portal/sessions.html", {"rows": rows, **tabs("sessions")})


@require_POST
@signed_in
def end_session(request: HttpRequest, session_id: str) -> HttpResponse:
    """Sign one browser out."""
    return act(
        request,
        lambda: operations.end_session(session_id=session_id, reason="ended from another browser"),
        done="That browser is signed out.",
        next_url=reverse("portal:sessions"),
    )


def _shown(request: HttpRequest, token: Any, text: str) -> HttpResponse:
    return render(
        request, "portal/token_shown.html", {"token": token, "text": text, **_frame(request)}
    )


def _frame(request: HttpRequest) -> dict[str, Any]:
    return {"csv_url": csv_url(request), "moment": clock.now(), **tabs("tokens")}


def _row(token: Any) -> list[Any]:
    holder = token.agent.name if token.agent else "me"
    scopes = " ".join(token.scopes) or "everything"
    return [
        token.id, token.name, holder, scopes, token.tail, token.created_at, token.expires_at,
        token.last_used_at,
    ]  # fmt: skip
