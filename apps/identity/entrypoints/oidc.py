"""The doors to and from identity providers."""

import time
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from mozilla_django_oidc.views import OIDCAuthenticationRequestView

from apps.kernel.environment import OidcProvider

from ..federation import end_sessions_from_provider, sign_in_from_provider
from ..oidc.directory import directory_of
from ..oidc.errors import BadToken, ProviderUnavailable, SignInFailed
from ..oidc.exchange import identify, provider_settings, setting
from ..oidc.logout import read_logout_token
from ..oidc.providers import callback_url, get_provider
from ..throttle import count_provider_attempt
from .browser import address_of, explains_failure, leave, local_path, method_of, session_of

STATES, NEXT = "oidc_states", "oidc_login_next"
ATTEMPT_SECONDS = 600
ERRORS = {
    "access_denied": "You, or the identity provider, refused.",
    "login_required": "The identity provider asks you to sign in there first.",
    "temporarily_unavailable": "The identity provider is temporarily unavailable.",
}


class StartAtProvider(OIDCAuthenticationRequestView):  # type: ignore[misc]
    """The library's redirect with state, nonce and PKCE, for one provider."""

    provider: OidcProvider

    def __init__(self, provider: OidcProvider) -> None:
        self.provider = provider
        self.known = provider_settings(provider, directory_of(provider).metadata())
        super().__init__()

    def get_settings(self, attr: str, *args: Any) -> Any:
        """Return the provider's setting; never a global one."""
        return setting(self.known, attr, *args)

    def get_extra_params(self, _request: HttpRequest) -> dict[str, str]:
        """Return the redirect address, which is ours and not what the Host header says."""
        return {"redirect_uri": callback_url(self.provider)}


@never_cache
@require_GET
@explains_failure
def start(request: HttpRequest, provider: str) -> HttpResponse:
    """Send the browser to the provider."""
    chosen = get_provider(provider)
    count_provider_attempt(address=address_of(request))
    response: HttpResponse = StartAtProvider(chosen).get(request)
    for attempt in request.session[STATES].values():
        attempt.setdefault("provider", chosen.slug)
    request.session[NEXT] = local_path(request.GET.get("next"))
    if "user_id" not in request.session:
        request.session.set_expiry(ATTEMPT_SECONDS)
    return response


@never_cache
@require_GET
@explains_failure
def callback(request: HttpRequest, provider: str) -> HttpResponse:
    """Take the browser back from the provider and start its session."""
    chosen = get_provider(provider)
    attempt = _take_attempt(request, chosen)
    _require_answer(request, chosen)
    identified = identify(
        request, chosen, nonce=attempt["nonce"], code_verifier=attempt["code_verifier"]
    )
    target = local_path(request.session.get(NEXT))
    leave(request, reason="Signed in again.")
    sign_in_from_provider(
        provider=chosen,
        identified=identified,
        session=session_of(request),
        method=method_of(request, chosen.slug),
    )
    rotate_token(request)
    return redirect(target)


@csrf_exempt
@never_cache
@require_POST
def backchannel_logout(request: HttpRequest, provider: str) -> HttpResponse:
    """End the sessions that a provider's logout token names."""
    chosen = get_provider(provider)
    try:
        asked = read_logout_token(chosen, request.POST.get("logout_token", ""))
    except (BadToken, ProviderUnavailable) as error:
        body = {"error": "invalid_request", "error_description": error.detail}
        return JsonResponse(body, status=400 if isinstance(error, BadToken) else error.status)
    end_sessions_from_provider(
        provider=chosen,
        asked=asked,
        request_id=request.id,  # type: ignore[attr-defined]
    )
    return HttpResponse(status=200)


def _take_attempt(request: HttpRequest, provider: OidcProvider) -> dict[str, Any]:
    states = request.session.get(STATES) or {}
    attempt: dict[str, Any] | None = states.pop(request.GET.get("state", ""), None)
    if attempt is not None:
        request.session[STATES] = states
        request.session.save()  # now, so that a second answer to the same request finds nothing
    if (
        attempt is None
        or attempt.get("provider") != provider.slug
        or time.time() - attempt["added_on"] > ATTEMPT_SECONDS
    ):
        raise SignInFailed("This sign-in was not started in this browser, or took too long.")
    return attempt


def _require_answer(request: HttpRequest, provider: OidcProvider) -> None:
    """Hold the answer to RFC 9207: it says which issuer it comes from, if it can."""
    metadata = directory_of(provider).metadata()
    issuer = request.GET.get("iss")
    if issuer != metadata.issuer and (issuer is not None or metadata.sends_issuer):
        raise SignInFailed("The answer comes from another identity provider than was asked.")
    if "error" in request.GET:
        reason = ERRORS.get(request.GET["error"], "The identity provider refused.")
        raise SignInFailed(reason)
    if not request.GET.get("code"):
        raise SignInFailed("The identity provider's answer is incomplete.")
