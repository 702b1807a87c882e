"""Having a model reword what the grammar cannot read, outside any transaction."""

import hashlib
import json
from dataclasses import replace
from uuid import UUID

from django.conf import settings

from apps.kernel.actor import service_actor
from apps.kernel.errors import RateLimited
from apps.kernel.tenancy import acting_as

from . import queries
from .intents import NotUnderstood, Outcome, Setting, Understood, Waiting, read_intent
from .models import Rewording
from .operations import record_rewording, reword_intent
from .rewording import PROMPT_VERSION, ModelClient, ModelFailed
from .types import RewordingState

STILL_UNREAD = "Neither the grammar nor the model could put this into a policy."


def is_on() -> bool:
    """Tell whether this installation has a model."""
    return settings.ENVIRONMENT.model_url is not None


def key_of(intent: str, setting: Setting) -> str:
    """Return what an answer is kept under: model, prompt, normalised intent and context."""
    context = [setting.here.path, *(f"{place.path} {place.name}" for place in setting.places)]
    parts = [
        settings.ENVIRONMENT.model_name,
        PROMPT_VERSION,
        " ".join(intent.lower().split()),
        context,
    ]
    text = json.dumps(parts, ensure_ascii=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def read_by_model(
    *, scope_id: UUID, intent: str, setting: Setting, answers: dict[str, str], unread: NotUnderstood
) -> Outcome:
    """Return what an intent means as a model rewords it; Waiting until the model has answered.

    The grammar reads what the model says: nothing that it writes becomes a policy by itself.
    """
    try:
        kept = reword_intent(scope_id=scope_id, intent=intent, key=key_of(intent, setting))
    except RateLimited as error:
        return replace(unread, reason=f"{unread.reason} {error.detail}")
    if kept.state == RewordingState.ASKED:
        return Waiting(answers)
    return _read(kept, intent, setting, answers, unread)


def _read(
    kept: Rewording, intent: str, setting: Setting, answers: dict[str, str], unread: NotUnderstood
) -> Outcome:
    said = kept.reason or kept.question
    if said or not kept.sentences:
        return replace(unread, reason=said or STILL_UNREAD)
    found = read_intent("\n".join(kept.sentences), setting, answers)
    if isinstance(found, NotUnderstood):
        return replace(unread, reason=STILL_UNREAD)
    if not isinstance(found, Understood):
        return found
    notes = (*found.notes, f"As {kept.model} puts it: {' '.join(kept.sentences)}")
    draft = replace(found.draft, description=" ".join(intent.split())[:500])
    return replace(found, draft=draft, notes=notes)


def ask_model(*, tenant_id: UUID, rewording_id: UUID, client: ModelClient) -> None:
    """Ask the model about one intent and keep its answer; twice does no harm."""
    actor = service_actor(tenant_id=tenant_id, name="analysis")
    with acting_as(actor):
        kept = queries.get_rewording(rewording_id)
        if kept.state == RewordingState.ANSWERED:
            return
    try:
        said = client.reword(kept.intent)
    except ModelFailed as error:
        with acting_as(actor):
            record_rewording(rewording_id=rewording_id, reason=str(error))
        return
    with acting_as(actor):
        record_rewording(
            rewording_id=rewording_id,
            sentences=said.sentences,
            clarification=said.question,
            tokens=said.tokens,
        )
