"""Opens the tenant scope of whoever a request comes from; nothing else does for HTTP."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect

from apps.kernel.entrypoints.afterwards import finished
from apps.kernel.errors import DomainError, Forbidden
from apps.kernel.tenancy import APP, record_denial

from .authentication import API, SignedIn, signed_in
from .csrf import find_csrf_fault
from .types import COMPANY_HEADER, ENTERED
from .visits import end_stay, told_end

SERVER_ERROR = 500
FORGED = "Send the X-CSRFToken header with a session, or use a token."
OPEN_DOORS = ("/sign-in/", "/sign-out/", "/unsubscribe/", "/opal/")
"""Addresses that decide themselves who acts: by an identity provider, a signed link or a token."""


class Forged(DomainError):
    """Another site's page may have made the browser send this."""

    code = "csrf"
    title = "Where the request came from is not proven"
    status = 403


class ActorMiddleware:
    """Authenticate by bearer token, else by session, and run the request in that scope.

    The request is one transaction: an answer of 5xx rolls it back. What a view leaves for
    afterwards opens transactions of its own. Without an actor no scope is open and tenant data
    cannot be read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(OPEN_DOORS):
            _introduce(request, None)
            return self.get_response(request)
        with signed_in(request) as found:
            _introduce(request, found)
            response = self.get_response(request)
            if found is not None and response.status_code >= SERVER_ERROR:
                transaction.set_rollback(True, using=APP)
        return finished(response)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Refuse who may not be in the company they want to act in, and a forged write.

        A write that rides on a session must prove where it came from also where a view is exempt.
        """
        if request.refusal is not None:  # type: ignore[attr-defined]
            return _turned_away(request)
        if not request.is_by_session:  # type: ignore[attr-defined]
            return None
        fault = find_csrf_fault(request, view)
        return None if fault is None else _problem(request, Forged(f"{FORGED} {fault}"))


def _introduce(request: HttpRequest, found: SignedIn | None) -> None:
    request.actor = found.actor if found else None  # type: ignore[attr-defined]
    request.user = found.user if found else AnonymousUser()
    request.entry = found.entry if found else None  # type: ignore[attr-defined]
    request.refusal = found.refusal if found else None  # type: ignore[attr-defined]
    request.is_by_session = found is not None and found.by_session  # type: ignore[attr-defined]
    # A browser cannot be tricked into sending a bearer token, so nothing can be forged with one.
    if found is not None and not found.by_session:
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]


def _turned_away(request: HttpRequest) -> HttpResponse:
    refusal: Forbidden = request.refusal  # type: ignore[attr-defined]
    record_denial(refusal)
    if ENTERED in request.session and COMPANY_HEADER not in request.headers:
        text = told_end(request.session[ENTERED])
        end_stay(request)
        if not request.path_info.startswith(API):
            messages.warning(request, text)
            return redirect("/")
    return _problem(request, refusal)


def _problem(request: HttpRequest, error: DomainError) -> JsonResponse:
    return JsonResponse(
        {
            "type": f"urn:aeterna:problem:{error.code}",
            "title": error.title,
            "status": error.status,
            "detail": error.detail,
            "code": error.code,
            "fields": error.fields,
            "request_id": request.id,  # type: ignore[attr-defined]
            **error.extra(),
        },
        status=error.status,
        content_type="application/problem+json",
    )
