"""The sign-in page, the password door, and signing out."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.kernel.environment import Mode
from apps.kernel.errors import Invalid, RateLimited

from ..local import sign_in_locally
from ..oidc.logout import logout_url
from ..oidc.providers import find_provider, list_providers
from ..queries import find_bootstrap
from ..throttle import count_local_attempt
from ..types import PASSWORD
from .browser import (
    address_of,
    explains_failure,
    leave,
    local_path,
    method_of,
    session_of,
    who_is_signed_in,
)
from .forms import LocalSignInForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@explains_failure
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show how one can sign in, or sign in with a password."""
    if request.method == "POST":
        return _with_password(request)
    target = local_path(request.GET.get("next"))
    if who_is_signed_in(request) is not None:
        return redirect(target)
    initial = {"next": target, "email": request.GET.get("email", "")[:254]}
    return _page(request, LocalSignInForm(initial=initial), target)


@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session here and, when a provider started it, there."""
    provider = find_provider(request.session.get("method", ""))
    id_token = request.session.get("id_token", "")
    leave(request, reason="Signed out.")
    url = logout_url(provider, id_token=id_token) if provider and id_token else None
    if url is None:
        return redirect(settings.LOGIN_URL)
    # A page, because the content security policy lets no form be redirected to another origin.
    return render(request, "identity/signing_out.html", {"url": url, "provider": provider})


def _with_password(request: HttpRequest) -> HttpResponse:
    form = LocalSignInForm(request.POST)
    target = local_path(request.POST.get("next"))
    if not form.is_valid():
        return _page(request, form, target, status=Invalid.status)
    email, password = form.cleaned_data["email"], form.cleaned_data["password"]
    try:
        count_local_attempt(email=email, address=address_of(request))
        leave(request, reason="Signed in again.")
        sign_in_locally(
            email=email,
            password=password,
            session=session_of(request),
            method=method_of(request, PASSWORD),
        )
    except Invalid as error:
        form.add_error(None, error.fields["password"][0])
        return _page(request, form, target, status=error.status)
    except RateLimited as error:
        form.add_error(None, f"{error.detail} Try again in {error.retry_after} seconds.")
        response = _page(request, form, target, status=error.status)
        response["Retry-After"] = str(error.retry_after)
        return response
    rotate_token(request)
    return redirect(target)


def _page(
    request: HttpRequest, form: LocalSignInForm, target: str, *, status: int = 200
) -> HttpResponse:
    is_local = settings.ENVIRONMENT.local_passwords
    context: dict[str, Any] = {
        "form": form if is_local else None,
        "providers": list_providers(),
        "next": target,
        "demo_people": _demo_people() if is_local else [],
    }
    context["is_closed"] = not context["demo_people"] and find_bootstrap() is None
    return render(request, "identity/sign_in.html", context, status=status)


def _demo_people() -> list[dict[str, str]]:
    path = settings.ENVIRONMENT.demo_people_file
    if not path or settings.ENVIRONMENT.aeterna_environment is not Mode.DEMO:
        return []
    try:
        people: list[dict[str, str]] = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return people
