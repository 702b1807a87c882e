"""Opens the tenant scope of whoever a request comes from; nothing else does for HTTP."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from apps.kernel.tenancy import APP, acting_as

from .authentication import authenticate

SERVER_ERROR = 500


class ActorMiddleware:
    """Authenticate by bearer token, else by session, and run the request in that scope.

    The request is one transaction: an answer of 5xx rolls it back. Without an actor no scope is
    open and tenant data cannot be read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        signed_in = authenticate(request)
        request.actor = signed_in.actor if signed_in else None  # type: ignore[attr-defined]
        request.user = signed_in.user if signed_in else AnonymousUser()  # type: ignore[assignment]
        if signed_in is None:
            return self.get_response(request)
        with acting_as(signed_in.actor):
            response = self.get_response(request)
            if response.status_code >= SERVER_ERROR:
                transaction.set_rollback(True, using=APP)
            return response
