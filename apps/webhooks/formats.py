"""One event in the words of each format; nothing in it is taken for markup."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings

from .types import Format

if TYPE_CHECKING:
    from apps.events.models import Event

TEXT_LENGTH = 2000
_told: list[Callable[[str], str]] = []
_path_of: list[Callable[[str, str], str]] = []


def bind_wording(*, told: Callable[[str], str], path_of: Callable[[str, str], str]) -> None:
    """Set how events read, and where the pages of their objects are."""
    _told[:], _path_of[:] = [told], [path_of]


def body_of(event: "Event", format: Format) -> bytes:
    """Return the body that tells `event`, the same at each attempt."""
    document = DOCUMENTS[format](event)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _standard(event: "Event") -> Mapping[str, Any]:
    return {
        "type": event.type,
        "timestamp": event.occurred_at.isoformat(),
        "data": {
            "id": str(event.id),
            "summary": _sentence(event),
            "url": _url(event),
            "company_id": str(event.tenant_id),
            "scope_id": str(event.scope_id),
            "actor": {"kind": event.actor_kind, "id": event.actor_id, "name": event.actor_name},
            "on_behalf_of": event.on_behalf_of,
            "resource": {
                "type": event.resource_type,
                "id": event.resource_id,
                "name": event.resource_name,
            },
            "reason": event.reason,
            "channel": event.channel,
            "request_id": event.request_id,
        },
    }


def _slack(event: "Event") -> Mapping[str, Any]:
    text = _sentence(event)
    return {
        "text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
        "blocks": [
            {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}},
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "text": {"type": "plain_text", "text": "Open in Aeterna"},
                        "url": _url(event),
                    }
                ],
            },
            {"type": "context", "elements": [{"type": "plain_text", "text": event.type}]},
        ],
    }


def _teams(event: "Event") -> Mapping[str, Any]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [_plain(_sentence(event), size="medium"), _plain(event.type, size="small")],
        "actions": [{"type": "Action.OpenUrl", "title": "Open in Aeterna", "url": _url(event)}],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {
        "type": "message",
        "attachments": [{"contentType": kind, "contentUrl": None, "content": card}],
    }


DOCUMENTS: Mapping[Format, Callable[["Event"], Mapping[str, Any]]] = {
    Format.STANDARD: _standard,
    Format.SLACK: _slack,
    Format.TEAMS: _teams,
}


def _plain(text: str, *, size: str) -> Mapping[str, Any]:
    # A run of text, unlike a block of it, is never read as Markdown.
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, "size": size}]}


def _sentence(event: "Event") -> str:
    did = _told[0](event.type) if _told else f"did {event.type} to"
    reason = f": {event.reason}" if event.reason else ""
    return f"{event.actor_name} {did} {event.resource_name}{reason}"[:TEXT_LENGTH]


def _url(event: "Event") -> str:
    path = _path_of[0](event.resource_type, event.resource_id) if _path_of else ""
    return f"{settings.PUBLIC_URL}{path or '/'}"
