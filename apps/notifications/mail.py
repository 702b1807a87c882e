"""A letter as e-mail: one content as plain text and as simple HTML."""

import hashlib
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from apps.orgs.queries import get_root

from . import queries
from .models import Letter, Notification
from .types import GROUP_TITLES, Group, group_of
from .unsubscribing import DIGEST, Wish, unsubscribe_path

SUBJECT_LENGTH = 200


def compose(letter: Letter) -> EmailMultiAlternatives:
    """Return a letter as a message; the same letter always has the same Message-ID."""
    rows = queries.list_carried(letter)
    company = get_root().name
    context = _context(letter, rows, company)
    message = EmailMultiAlternatives(
        subject=_subject(letter, rows, company),
        body=render_to_string("notifications/letter.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[letter.recipient.email],
        headers=_headers(letter, str(context["unsubscribe_url"])),
    )
    message.attach_alternative(render_to_string("notifications/letter.html", context), "text/html")
    return message


def message_id(letter: Letter) -> str:
    """Return what a letter is called, however often it is sent; short enough for one line."""
    name = hashlib.sha256(f"{letter.tenant_id}:{letter.key}".encode()).hexdigest()[:32]
    return f"<{name}@{urlsplit(settings.PUBLIC_URL).hostname}>"


def one_line(text: str) -> str:
    """Return `text` as one line without control characters, fit for a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:SUBJECT_LENGTH]


def _context(letter: Letter, rows: list[Notification], company: str) -> dict[str, Any]:
    topic = _topic(letter, rows)
    wish = Wish(tenant_id=letter.tenant_id, user_id=letter.recipient_id, topic=topic)
    is_endable = topic != Group.EMERGENCY
    return {
        "name": one_line(letter.recipient.name),
        "company": one_line(company),
        "is_digest": letter.is_digest,
        "items": [_item(row) for row in rows],
        "topic": "The daily digest" if topic == DIGEST else GROUP_TITLES[Group(topic)],
        "preferences_url": _url(reverse("portal:notifications")),
        "unsubscribe_url": _url(unsubscribe_path(wish)) if is_endable else "",
    }


def _item(row: Notification) -> dict[str, Any]:
    links = row.payload.get("links", {})
    return {
        "subject": one_line(row.subject),
        "url": _url(row.path),
        "links": [{"name": name, "url": _url(path)} for name, path in links.items()],
    }


def _subject(letter: Letter, rows: list[Notification], company: str) -> str:
    if not letter.is_digest:
        return one_line(f"[{company}] {rows[0].subject}")
    things = "1 thing" if len(rows) == 1 else f"{len(rows)} things"
    return one_line(f"[{company}] Your daily digest: {things} to know")


def _headers(letter: Letter, unsubscribe_url: str) -> dict[str, str]:
    headers = {
        "Message-ID": message_id(letter),
        "Auto-Submitted": "auto-generated",
    }
    if unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _topic(letter: Letter, rows: list[Notification]) -> str:
    return DIGEST if letter.is_digest else group_of(rows[0].kind)


def _url(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"
