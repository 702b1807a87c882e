"""Sends the letters that are due, of every company, outside any transaction, at least once.

An attempt is counted before it is made: whoever dies in between leaves a letter that is tried
again under the same Message-ID after its lease, a bounded number of times.
"""

import logging
from enum import Enum
from smtplib import SMTPDataError, SMTPRecipientsRefused
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from apps.kernel import clock
from apps.kernel.actor import Actor, service_actor
from apps.kernel.tenancy import acting_as

from . import queries
from .mail import compose
from .models import Letter
from .operations.digests import send_digest, skip_empty_digest
from .operations.letters import mark_failed, mark_sent, take_letter

logger = logging.getLogger(__name__)
SMTP = "django.core.mail.backends.smtp.EmailBackend"
BATCH = 200
PERMANENT = 500


class Handed(Enum):
    """How handing a letter over went: taken, to be tried later, refused for good, or no server."""

    OVER = 1
    LATER = 2
    REFUSED = 3
    UNREACHABLE = 4


def send_due_letters(*, limit: int = BATCH) -> int:
    """Send the letters that are due; return how many were sent. Two at once share the work."""
    if not settings.IS_EMAIL_ON:
        return 0
    due = queries.list_due_letters(clock.now(), limit=limit)
    sent = 0
    for tenant_id, letter_id in due:
        handed = _deliver(tenant_id, letter_id)
        sent += handed is Handed.OVER
        if handed is Handed.UNREACHABLE:
            # Every other letter would wait for the same server.
            break
    return sent


def send_due_digests(*, limit: int = BATCH) -> int:
    """Write the digests that are due, each once for its day; return how many."""
    due = queries.list_due_digests(clock.now(), limit=limit)
    return sum(_digest(tenant_id, user_id) for tenant_id, user_id in due)


def _deliver(tenant_id: UUID, letter_id: UUID) -> Handed | None:
    """Send one letter; None if another has it, or nobody is to get it."""
    actor = service_actor(tenant_id=tenant_id, name="relay")
    with acting_as(actor):
        letter = take_letter(letter_id)
    if letter is None:
        return None
    handed, error = _attempt(actor, letter)
    with acting_as(actor):
        if handed is Handed.OVER:
            mark_sent(letter_id)
        else:
            mark_failed(letter_id, error=error, is_final=handed is Handed.REFUSED)
    return handed


def _attempt(actor: Actor, letter: Letter) -> tuple[Handed, str]:
    try:
        with acting_as(actor):
            message = compose(letter)
    except Exception as error:
        logger.exception("a letter could not be written", extra={"letter_id": str(letter.id)})
        return Handed.LATER, f"it could not be written: {type(error).__name__}"
    return _hand_over(message)


def _hand_over(message: EmailMultiAlternatives) -> tuple[Handed, str]:
    """Give a message to the mail server; return how that went and, if not well, why."""
    try:
        message.connection = get_connection(SMTP, fail_silently=False)
        message.send()
    except OSError as error:
        # The server's words may repeat what was sent to it: only its code and kind are kept.
        code = _code(error)
        kind = type(error).__name__
        logger.warning("a letter was not taken", extra={"error": kind, "code": code})
        return _judged(error, code), f"{kind} {code or ''}".strip()
    return Handed.OVER, ""


def _judged(error: OSError, code: int | None) -> Handed:
    if _is_permanent(error, code):
        return Handed.REFUSED
    is_about_letter = isinstance(error, (SMTPRecipientsRefused, SMTPDataError))
    return Handed.LATER if is_about_letter else Handed.UNREACHABLE


def _is_permanent(error: OSError, code: int | None) -> bool:
    kinds = (SMTPRecipientsRefused, SMTPDataError)
    return isinstance(error, kinds) and code is not None and code >= PERMANENT


def _code(error: OSError) -> int | None:
    if isinstance(error, SMTPRecipientsRefused):
        return next((int(code) for code, _ in error.recipients.values()), None)
    return getattr(error, "smtp_code", None)


def _digest(tenant_id: UUID, user_id: UUID) -> bool:
    try:
        with acting_as(service_actor(tenant_id=tenant_id, name="timekeeper")):
            return not skip_empty_digest(user_id) and send_digest(user_id=user_id) > 0
    except Exception:
        logger.exception("a digest failed", extra={"user_id": str(user_id)})
        return False
