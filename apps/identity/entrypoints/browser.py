"""What the sign-in doors share: where the browser is, where it goes, and leaving a session."""

import contextlib
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from apps.kernel.actor import Actor, Channel
from apps.kernel.errors import Conflict, DomainError, NotFound, RateLimited
from apps.kernel.tenancy import acting_as

from ..authentication import SignedIn, find_session_actor
from ..middleware import OPEN_DOORS
from ..operations import end_session, leave_tenant
from ..sessions import SessionStore, hashed
from ..types import ENTERED, SignInMethod

View = Callable[..., HttpResponse]


def local_path(value: str | None) -> str:
    """Return `value` if it is a path of this portal to go to after sign-in, else the home page."""
    if not value or not value.startswith("/") or value.startswith(OPEN_DOORS):
        return str(settings.LOGIN_REDIRECT_URL)
    is_local = url_has_allowed_host_and_scheme(value, allowed_hosts=None)
    return value if is_local else str(settings.LOGIN_REDIRECT_URL)


def session_of(request: HttpRequest) -> SessionStore:
    """Return the request's session as the store it is."""
    return cast(SessionStore, request.session)


def address_of(request: HttpRequest) -> str:
    """Return the network address of the caller, as the server in front of us says."""
    return str(request.META.get("REMOTE_ADDR") or "unknown")


def method_of(request: HttpRequest, name: str) -> SignInMethod:
    """Return how this browser signs in by way of `name`."""
    return SignInMethod(
        name=name,
        browser=request.headers.get("User-Agent", ""),
        address=request.META.get("REMOTE_ADDR") or None,
        request_id=request.id,  # type: ignore[attr-defined]
    )


def who_is_signed_in(request: HttpRequest) -> SignedIn | None:
    """Return the person of the browser's session, if any."""
    session = request.session
    return find_session_actor(
        session.get("tenant_id"),
        session.get("user_id"),
        channel=Channel.WEB,
        request_id=request.id,  # type: ignore[attr-defined]
    )


def leave(request: HttpRequest, *, reason: str) -> None:
    """End the browser's session, on record, and a stay in another company; nothing without one."""
    found, key = who_is_signed_in(request), request.session.session_key
    if found is not None and ENTERED in request.session:
        _leave_company(found.actor, request)
    if found is not None and key:
        with acting_as(found.actor), contextlib.suppress(NotFound):
            end_session(session_id=hashed(key), reason=reason)
    request.session.flush()


def _leave_company(actor: Actor, request: HttpRequest) -> None:
    visitor = find_session_actor(
        request.session["tenant_id"],
        request.session["user_id"],
        channel=actor.channel,
        request_id=actor.request_id,
        entered=request.session[ENTERED],
    )
    if visitor is not None:
        with acting_as(visitor.actor), contextlib.suppress(Conflict):
            leave_tenant()


def explains_failure(view: View) -> View:
    """Answer a DomainError of a sign-in with a page that says why and offers another try."""

    @wraps(view)
    def explain(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotFound:
            raise
        except DomainError as error:
            return failure_page(request, error)

    return explain


def failure_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Return the page of a sign-in that came to nothing, with the error's status."""
    context = {"problem": error, "request_id": request.id}  # type: ignore[attr-defined]
    response = render(request, "identity/failed.html", context, status=error.status)
    if isinstance(error, RateLimited):
        response["Retry-After"] = str(error.retry_after)
    return response
