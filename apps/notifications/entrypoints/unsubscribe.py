"""Ending an e-mail by its link: looking asks, and only sending the form, or one click, ends it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.kernel.actor import Actor, Channel, Principal, PrincipalKind
from apps.kernel.errors import DomainError
from apps.kernel.tenancy import acting_as

from .. import queries
from ..operations import update_preferences
from ..types import GROUP_TITLES, Group
from ..unsubscribing import DIGEST, Wish, read_wish

# All that a link may do, and only for the person it names.
SCOPES = frozenset({"notification.prefer"})


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask before an e-mail ends, or end it; RFC 8058 lets mail programs post without asking."""
    wish = read_wish(token)
    context = {
        "what": "the daily digest" if wish.topic == DIGEST else GROUP_TITLES[Group(wish.topic)],
        "is_done": request.method == "POST" and _end(wish),
        "is_asked": request.method != "POST",
    }
    return render(request, "notifications/unsubscribe.html", context)


def _end(wish: Wish) -> bool:
    """End the e-mail; False if the person is no longer here to want anything."""
    person = Principal(kind=PrincipalKind.USER, id=str(wish.user_id), name="by e-mail link")
    actor = Actor(tenant_id=wish.tenant_id, principal=person, channel=Channel.WEB, scopes=SCOPES)
    try:
        with acting_as(actor):
            present = dict(queries.get_own_wishes().choices)
            update_preferences(choices=wish.choices(present))
    except DomainError:
        return False
    return True
