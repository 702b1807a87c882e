"""From what somebody wants, in words, to a draft at a scope; nothing is saved."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from apps.kernel.authorization import authorize
from apps.orgs import queries as orgs
from apps.orgs.checks import require_live

from . import rewordings
from .cedar import find_problems
from .explanations import Explanation, explain_body
from .intents import Draft, NotUnderstood, Outcome, Place, Setting, Understood, read_intent
from .intents.types import MAX_INTENT_CHARACTERS

UNWRITABLE = "What this would say is not valid for agents."


@dataclass(frozen=True, slots=True)
class Translation:
    """What an intent means; with a draft, where it belongs and what it says back in words."""

    outcome: Outcome
    scope: Any
    explanation: Explanation | None = None

    @property
    def draft(self) -> Draft | None:
        """Return the draft, if the intent has one meaning."""
        return self.outcome.draft if isinstance(self.outcome, Understood) else None


def translate_intent(
    *, scope_id: UUID, intent: str, answers: Mapping[str, str] | None = None
) -> Translation:
    """Return what an intent said at a scope means: the same for the same words and places.

    Who may not draft there is Forbidden; Conflict where the scope is archived.
    """
    scope = orgs.get_scope(scope_id)
    authorize("policy.draft", scope.as_resource())
    require_live(scope)
    setting = setting_at(scope)
    outcome = _valid(_read(intent, setting, dict(answers or {}), scope))
    if not isinstance(outcome, Understood):
        return Translation(outcome, scope)
    draft = outcome.draft
    holder = _holder(draft.place, scope)
    return Translation(outcome, holder, explain_body(draft.cedar, list(draft.rules)))


def _read(intent: str, setting: Setting, answers: dict[str, str], scope: Any) -> Outcome:
    outcome = read_intent(intent, setting, answers)
    if not isinstance(outcome, NotUnderstood) or outcome.is_beyond or not rewordings.is_on():
        return outcome
    if not intent.strip() or len(intent) > MAX_INTENT_CHARACTERS:
        return outcome
    return rewordings.read_by_model(
        scope_id=scope.id, intent=intent, setting=setting, answers=answers, unread=outcome
    )


def setting_at(scope: Any) -> Setting:
    """Return the places that may be named at a scope: those that its reader may view."""
    seen = orgs.permitted_scope_ids("org.view")
    paths = orgs.scope_places()
    rows = {row.id: row for row in orgs.list_scopes() if str(row.id) in seen or row.id == scope.id}
    places = [Place(paths[id], row.name, row.kind) for id, row in rows.items() if id in paths]
    here = Place(paths[scope.id], scope.name, scope.kind)
    root = orgs.get_root()
    company = Place(paths[root.id], root.name, root.kind)
    others = sorted({*places, here} - {company}, key=lambda place: place.path)
    return Setting(here=here, places=(company, *others))


def _valid(outcome: Outcome) -> Outcome:
    # The grammar writes valid Cedar; whatever it does not is not shown to anybody.
    if isinstance(outcome, Understood) and outcome.draft.cedar:
        if find_problems(outcome.draft.cedar):
            return NotUnderstood(outcome.draft.description, UNWRITABLE)
        text = outcome.draft.cedar.strip() + "\n"
        return replace(outcome, draft=replace(outcome.draft, cedar=text))
    return outcome


def _holder(path: str, scope: Any) -> Any:
    by_path = {place: id for id, place in orgs.scope_places().items()}
    holder = scope if by_path[path] == scope.id else orgs.get_scope(by_path[path])
    authorize("policy.draft", holder.as_resource())
    return holder
