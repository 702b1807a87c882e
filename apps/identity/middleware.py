"""Opens the tenant scope of whoever a request comes from; nothing else does for HTTP."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.kernel.tenancy import APP

from .authentication import SignedIn, signed_in
from .csrf import find_csrf_fault

SERVER_ERROR = 500
FORBIDDEN = 403
OPEN_DOORS = ("/sign-in/", "/sign-out/")
"""Addresses that decide themselves who acts: they change it, and talk to identity providers."""


class ActorMiddleware:
    """Authenticate by bearer token, else by session, and run the request in that scope.

    The request is one transaction: an answer of 5xx rolls it back. Without an actor no scope is
    open and tenant data cannot be read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(OPEN_DOORS):
            _introduce(request, None)
            return self.get_response(request)
        with signed_in(request) as found:
            _introduce(request, found)
            response = self.get_response(request)
            if found is not None and response.status_code >= SERVER_ERROR:
                transaction.set_rollback(True, using=APP)
            return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Refuse a forged write that rides on a session, also where the view is exempt."""
        if not request.is_by_session:  # type: ignore[attr-defined]
            return None
        fault = find_csrf_fault(request, view)
        return None if fault is None else _forged(request, fault)


def _introduce(request: HttpRequest, found: SignedIn | None) -> None:
    request.actor = found.actor if found else None  # type: ignore[attr-defined]
    request.user = found.user if found else AnonymousUser()
    request.is_by_session = found is not None and found.by_session  # type: ignore[attr-defined]
    # A browser cannot be tricked into sending a bearer token, so nothing can be forged with one.
    if found is not None and not found.by_session:
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]


def _forged(request: HttpRequest, fault: str) -> JsonResponse:
    return JsonResponse(
        {
            "type": "urn:aeterna:problem:csrf",
            "title": "Where the request came from is not proven",
            "status": FORBIDDEN,
            "detail": f"Send the X-CSRFToken header with a session, or use a token. {fault}",
            "code": "csrf",
            "fields": {},
            "request_id": request.id,  # type: ignore[attr-defined]
        },
        status=FORBIDDEN,
        content_type="application/problem+json",
    )
