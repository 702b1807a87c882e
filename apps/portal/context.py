"""What every page of the shell shows: who is signed in, where, and the navigation."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from apps.kernel.tenancy import is_scope_open
from apps.notifications.queries import count_unread
from apps.orgs.queries import get_root

from . import queries

LIVE_PATH = "/ws/live"


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation; `action` is what a person needs somewhere to be shown it."""

    name: str
    path: str
    icon: str
    key: str
    action: str = ""


PLACES = (
    Place("Home", "/", "house", "h"),
    Place("Inbox", "/inbox/", "inbox", "i"),
    Place("Organization", "/organization/", "building-2", "o"),
    Place("Policies", "/policies/", "scroll-text", "p", "policy.view"),
    Place("Proposals", "/proposals/", "git-pull-request", "r", "proposal.view"),
    Place("Fleet", "/fleet/", "radio", "f", "fleet.view"),
    Place("Audit", "/audit/", "history", "l", "audit.view"),
    Place("Dead letters", "/dead-letters/", "inbox", "d", "dead_letter.view"),
    Place("Settings", "/settings/", "settings", "s"),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return `shell` for the layout, read when a template first asks; none when nobody is in."""
    if getattr(request, "actor", None) is None or not is_scope_open():
        return {}
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def visible_places() -> list[Place]:
    """Return the places that the actor may go to."""
    return [one for one in PLACES if not one.action or queries.may_somewhere(one.action)]


def _shell(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    company = queries.badge()
    entry = getattr(request, "entry", None)
    role = "Platform administrator" if entry else queries.role_title(user.id)
    return {
        "user": {"name": user.name, "email": user.email, "role": role},
        "stay": _stay(entry) if entry else None,
        "company": {"name": company.name, "is_demo": company.is_demo, "url": "/"},
        "nav": [_drawn(one, request.path) for one in visible_places()],
        "live_url": LIVE_PATH,
        "palette_url": reverse("portal:palette"),
        "sign_out_url": "/sign-out/",
        "profile_url": "" if entry else reverse("portal:account"),
    }


def _stay(entry: Any) -> dict[str, Any]:
    root = get_root()
    leave_url = reverse("portal:tenant.leave", args=[root.slug])
    return {"company": root.name, "until": entry.expires_at, "leave_url": leave_url}


def _drawn(one: Place, path: str) -> dict[str, Any]:
    is_here = path == one.path if one.path == "/" else path.startswith(one.path)
    counts = {
        "Inbox": count_unread,
        "Proposals": queries.count_waiting,
        "Fleet": queries.count_unhealthy,
    }
    return {
        "name": one.name,
        "url": one.path,
        "icon": one.icon,
        "key": one.key,
        "active": is_here,
        "count": counts[one.name]() if one.name in counts else None,
    }
