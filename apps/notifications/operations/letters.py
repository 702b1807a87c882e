"""The e-mail that is to go out: written with what it tells, taken, and marked when it is sent.

Who sends is the portal itself, like its relay: a letter's fate is no decision of anybody's.
"""

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from apps.events.operations import bury
from apps.events.relay import backoff
from apps.kernel import clock

from ..models import Letter, Notification
from ..types import FIRST_DELAY, LEASE, LONGEST_DELAY, MAX_ATTEMPTS, Choice, LetterState

if TYPE_CHECKING:
    from apps.events.models import Event

SEND_AGAIN = "notifications.send_again"
ERROR_LENGTH = 500


def write_instant_letters(*, key: str, recipient_ids: list[UUID], event: "Event") -> None:
    """Write a letter for each person who wants e-mail at once and has none about `key` yet."""
    rows = Notification.objects.filter(
        recipient_id__in=recipient_ids, dedupe_key=key, told_by=Choice.INSTANT, letter=None
    )
    for row in rows.order_by("id"):
        row.letter = _write(row.recipient_id, event, key=f"notification-{row.id}")
        row.save(update_fields=["letter"])


def digest_key(user_id: UUID, day: date) -> str:
    """Return the key of the one digest that a person gets on a day."""
    return f"digest-{user_id}-{day}"


def write_digest_letter(
    rows: list[Notification], *, recipient_id: UUID, key: str, event: "Event"
) -> None:
    """Write the digest that tells `rows`."""
    letter = _write(recipient_id, event, key=key, is_digest=True)
    Notification.objects.filter(id__in=[row.id for row in rows]).update(letter=letter)


def take_letter(letter_id: UUID) -> Letter | None:
    """Take a due letter for the time of a lease, counting the attempt; None if another has it.

    What somebody who left was to get is dropped.
    """
    rows = Letter.objects.select_for_update(skip_locked=True, of=("self",))
    due = rows.filter(id=letter_id, state=LetterState.PENDING, next_attempt_at__lte=clock.now())
    letter: Letter | None = due.select_related("recipient").first()
    if letter is None:
        return None
    if not letter.recipient.is_active:
        letter.state = LetterState.DROPPED
        letter.save(update_fields=["state"])
        return None
    if letter.attempts >= MAX_ATTEMPTS:
        # Whoever took it each time died before saying how it went.
        _give_up(letter, "nobody could tell whether it was sent")
        return None
    letter.attempts += 1
    letter.next_attempt_at = clock.now() + LEASE
    letter.save(update_fields=["attempts", "next_attempt_at"])
    return letter


def mark_sent(letter_id: UUID) -> None:
    """Note that the mail server took a letter."""
    rows = Letter.objects.filter(id=letter_id)
    rows.update(state=LetterState.SENT, sent_at=clock.now(), last_error="")


def mark_failed(letter_id: UUID, *, error: str, is_final: bool = False) -> None:
    """Put a letter off, each time longer; after the last attempt it is a dead letter."""
    letter = Letter.objects.select_for_update().get(id=letter_id)
    if letter.state != LetterState.PENDING:
        return
    if is_final or letter.attempts >= MAX_ATTEMPTS:
        _give_up(letter, error)
        return
    letter.last_error = error[:ERROR_LENGTH]
    letter.next_attempt_at = _again_at(letter.attempts)
    letter.save(update_fields=["last_error", "next_attempt_at"])


def revive(event_id: UUID) -> None:
    """Try the dead letters about an event again, as if for the first time."""
    rows = Letter.objects.filter(event_id=event_id, state=LetterState.DEAD)
    rows.update(state=LetterState.PENDING, attempts=0, next_attempt_at=clock.now())


def _write(recipient_id: UUID, event: "Event", *, key: str, is_digest: bool = False) -> Letter:
    moment = clock.now()
    letter: Letter = Letter.objects.create(
        recipient_id=recipient_id,
        event=event,
        key=key,
        is_digest=is_digest,
        next_attempt_at=moment,
        created_at=moment,
    )
    return letter


def _give_up(letter: Letter, error: str) -> None:
    letter.state, letter.last_error = LetterState.DEAD, error[:ERROR_LENGTH]
    letter.save(update_fields=["state", "last_error"])
    bury(event_id=letter.event_id, handler=SEND_AGAIN, attempts=letter.attempts, error=error)


def _again_at(attempts: int) -> datetime:
    return clock.now() + backoff(attempts, first=FIRST_DELAY, longest=LONGEST_DELAY)
