"""Asking a model about an intent, once, and keeping what it said."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.conf import settings

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.constraints import conflicts
from apps.kernel.errors import RateLimited
from apps.kernel.operation import operation
from apps.orgs import queries as orgs

from .. import queries
from ..models import Rewording
from ..rewording import PROMPT_VERSION
from ..types import RewordingState

# What one answer may take; it is held back until the answer says what it took.
RESERVED_TOKENS = 2_000
LOST_AFTER = timedelta(minutes=2)
RETRY_AFTER = 3600
SPENT = "The company's budget for the model is spent for today (UTC)."


@operation("policy.reword")
def reword_intent(*, scope_id: UUID, intent: str, key: str) -> Rewording:
    """Have the model reword an intent, or return what it said before under the same key.

    RateLimited once the company's tokens of the day are spent.
    """
    scope = orgs.get_scope(scope_id)
    authorize("policy.reword", scope.as_resource())
    found: Rewording | None = Rewording.objects.filter(key=key).first()
    is_asked = found is None or _is_due(found)
    if found is None:
        _require_budget()
        found = Rewording(
            scope=scope,
            author=orgs.get_acting_user(),
            key=key,
            model=settings.ENVIRONMENT.model_name,
            prompt_version=PROMPT_VERSION,
            intent=intent,
            tokens=RESERVED_TOKENS,
            asked_at=clock.now(),
        )
        with conflicts({"reworded_once": ("intent", "It is being asked about already.")}):
            found.save(force_insert=True)
    elif is_asked:
        _require_budget()
        found.state, found.reason, found.tokens = RewordingState.ASKED, "", RESERVED_TOKENS
        found.asked_at = clock.now()
        found.save()
    change = Change(payload={"rewording_id": str(found.id)})
    if is_asked:
        emit("policy.reword_requested", resource=scope.as_resource(), change=change)
    else:
        emit("policy.reworded", resource=scope.as_resource(), change=change)
    return found


@operation("rewording.record")
def record_rewording(
    *,
    rewording_id: UUID,
    sentences: Sequence[str] = (),
    clarification: str = "",
    reason: str = "",
    tokens: int = 0,
) -> Rewording:
    """Keep what the model said, or why it said nothing; what is kept already stays."""
    found = queries.get_rewording(rewording_id, for_update=True)
    authorize("rewording.record", found.as_resource())
    if found.state != RewordingState.ANSWERED:
        found.state = RewordingState.FAILED if reason else RewordingState.ANSWERED
        found.sentences, found.question = list(sentences), clarification
        found.reason, found.tokens = reason, tokens
        found.answered_at = clock.now()
        found.save()
    payload = {"key": found.key, "state": found.state, "tokens": found.tokens}
    emit("rewording.recorded", resource=found.as_resource(), change=Change(payload=payload))
    return found


def _is_due(found: Rewording) -> bool:
    # It was lost on the way, or failed: trying again may end better.
    is_late = clock.now() - found.asked_at > LOST_AFTER
    return found.state != RewordingState.ANSWERED and is_late


def _require_budget() -> None:
    if queries.tokens_today() + RESERVED_TOKENS > settings.ENVIRONMENT.model_tokens_per_day:
        raise RateLimited(SPENT, retry_after=RETRY_AFTER)
