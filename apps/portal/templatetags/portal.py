"""Filters and tags that the portal's templates share."""

import hashlib
import json
import re
from typing import Any

from django import template
from django.template import Context
from django.utils.dateparse import parse_datetime

from apps.audit.queries import list_history
from apps.kernel.entrypoints.listing import address
from apps.orgs.types import ROLE_TITLES, Role
from apps.policies.queries import cedar_in_words

from ..queries import may_somewhere
from ..wording import OF_ITSELF, path_of, told

register = template.Library()
SHOWN = 30
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
LONG = 120
# Marks of a User-Agent, the more telling first: Edge says it is Chrome, Chrome says it is Safari.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
SCOPE_ICONS = {
    "company": "building-2",
    "organization": "building",
    "team": "users",
    "project": "folder-git-2",
}


@register.inclusion_tag("audit/history.html")
def history(resource_id: Any, limit: int = SHOWN) -> dict[str, Any]:
    """Show what happened to an object, newest first, to those who may view the audit log."""
    if not may_somewhere("audit.view"):
        return {"is_closed": True}
    events = list(list_history(str(resource_id))[: limit + 1])
    return {
        "events": events[:limit],
        "has_more": len(events) > limit,
        "resource_id": str(resource_id),
    }


@register.simple_tag(takes_context=True)
def address_with(context: Context, **changes: Any) -> str:
    """Return the page's address with some values changed; an empty value is taken out."""
    return address(context["request"], **{name: str(value) for name, value in changes.items()})


@register.filter
def told_text(event: Any) -> str:
    """Return what an event's actor did, to be followed by the object's name."""
    return told(event.type, is_denied=event.outcome == "denied")[0]


@register.filter
def is_of_itself(event: Any) -> bool:
    """Tell whether an event reads best with its object as the one who did it."""
    return event.type in OF_ITSELF and event.actor_kind == "Service"


@register.filter
def told_icon(event: Any) -> str:
    """Return the icon of an event."""
    return told(event.type, is_denied=event.outcome == "denied")[1]


@register.filter
def told_tone(event: Any) -> str:
    """Return the tone of an event."""
    return told(event.type, is_denied=event.outcome == "denied")[2]


@register.filter
def resource_url(event: Any) -> str:
    """Return the page of the object that an event is about; empty if there is none."""
    return path_of(event.resource_type, event.resource_id)


@register.filter
def actor_url(event: Any) -> str:
    """Return the page of who caused an event; empty for the portal's own services.

    A platform administrator may be of another company: what they did here is all there is to show.
    """
    if event.is_platform:
        return f"/audit/?actor={event.actor_id}"
    return path_of(event.actor_kind, event.actor_id)


@register.filter
def person_url(user: Any) -> str:
    """Return the page of a person."""
    return path_of("User", user.id)


@register.filter
def fingerprint(before: str, after: str) -> str:
    """Return a short name of a pair of texts: another pair has another."""
    return hashlib.sha256(f"{len(before)}:{before}{after}".encode()).hexdigest()[:16]


@register.filter
def browser_name(agent: str) -> str:
    """Return what a User-Agent says a browser is, as people call it: "Firefox on Linux"."""
    name = next((known for mark, known in BROWSERS if mark in agent), "A browser")
    system = next((known for mark, known in SYSTEMS if mark in agent), "")
    return f"{name} on {system}" if system else name


@register.filter
def role_title(value: str) -> str:
    """Return a role as people read it."""
    return ROLE_TITLES[Role(value)]


@register.filter
def scope_icon(kind: str) -> str:
    """Return the icon of a kind of scope."""
    return SCOPE_ICONS.get(kind, "circle")


@register.filter
def changes(before: Any, after: Any) -> list[dict[str, Any]]:
    """Return the fields that differ between two states as rows to show."""
    old, new = before or {}, after or {}
    known = {**old, **new}
    fields = [
        name
        for name in known
        if old.get(name) != new.get(name) and name.removesuffix("_id") not in {*known} - {name}
    ]
    rows = [_change(name, _shown(old.get(name)), _shown(new.get(name))) for name in fields]
    return [row for row in rows if row["before"] or row["after"]]


@register.filter
def names(people: Any) -> str:
    """Return the names of a chain of principals, nearest first."""
    return ", ".join(str(person.get("name", "")) for person in people or ())


@register.filter
def in_words(cedar: str) -> tuple[str, ...]:
    """Return Cedar text in plain language, a sentence for each statement."""
    return cedar_in_words(cedar)


def _change(name: str, before: str, after: str) -> dict[str, Any]:
    is_long = "\n" in before + after or max(len(before), len(after)) > LONG
    shown = name.replace("_", " ").capitalize()
    return {"name": shown, "before": before, "after": after, "is_long": is_long}


def _shown(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return ", ".join(str(item) for item in value)
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    moment = parse_datetime(value) if MOMENT.match(value) else None
    return moment.strftime("%-d %b %Y, %H:%M UTC") if moment else value
