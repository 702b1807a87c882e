"""One revision ready to decide, swapped at once, and the decisions made with it."""

import functools
import itertools
import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cedarpy

from aeterna_cedar_agent import entity_check, nesting, slicing
from aeterna_cedar_agent.question import Question, QuestionError
from aeterna_cedar_agent.revision import Policy, Revision
from aeterna_cedar_agent.temporary import Temporary

NOTHING_LOADED = "no revision is loaded: every request is denied"

_POSITION = re.compile(r"`policy(\d+)`")
_BUILD_FAILURE = "failed to build request: "
_FIELD_OF_FAILURE = re.compile(r"(?:Failed to parse )?(principal|action|resource)\b")

logger = logging.getLogger(__name__)


class RefusedError(Exception):
    """A revision the engine will not serve: at which stage, for which policy, and why."""

    def __init__(self, *, stage: str, error: str, policy: str | None = None) -> None:
        super().__init__(f"{stage}: {error}")
        self.stage = stage
        self.policy = policy
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """One revision, ready to decide; `statements` gives the statement ids of each policy.

    `deciders` has one more than `temporary` entries: that at n decides without the first n.
    """

    revision: Revision
    statements: dict[str, tuple[str, ...]]
    deciders: tuple[slicing.Decider, ...]
    temporary: tuple[Temporary, ...] = ()

    @property
    def decider(self) -> slicing.Decider:
        """What decides at this moment, without the entries that are over."""
        return self.deciders[self._over()]

    @property
    def lasting(self) -> "Loaded":
        """The revision as it will be once all that is temporary is over."""
        return replace(self, deciders=self.deciders[-1:], temporary=())

    @property
    def policies(self) -> tuple[Policy, ...]:
        """The policies that decide at this moment, in the portal's order."""
        return _without(self.revision.policies, self.temporary[: self._over()])

    def _over(self) -> int:
        # They end in their order. Should clocks disagree, one that is over takes along the ones
        # that ought to have ended before it: better too early than too late.
        over = (place for place, item in enumerate(self.temporary, 1) if item.is_over)
        return max(over, default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A decision with the ids of the policies that decided and any evaluation errors."""

    decision: str
    reason: tuple[str, ...]
    errors: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the answer as the HTTP interface writes it."""
        diagnostics = {"reason": list(self.reason), "errors": list(self.errors)}
        return {"decision": self.decision, "diagnostics": diagnostics}


class Engine:
    """Holds the revision being served; replacing it is one reference assignment."""

    def __init__(self) -> None:
        self.current: Loaded | None = None

    def swap(self, loaded: Loaded) -> None:
        """Serve this revision from the next request on."""
        self.current = loaded

    @property
    def number(self) -> int:
        """The revision number being served, 0 where none is."""
        return self.current.revision.number if self.current else 0

    @property
    def digest(self) -> str | None:
        """The digest being served, None where none is."""
        return self.current.revision.digest if self.current else None


def load_revision(revision: Revision, *, temporary: tuple[Temporary, ...] = ()) -> Loaded:
    """Parse and strictly validate a revision, or raise RefusedError; lets other threads run.

    `temporary` are its entries that end by themselves, the first to end first.
    """
    schema = _parse_schema(revision.schema)
    statements = name_statements(revision.policies)
    ids = tuple(itertools.chain.from_iterable(statements.values()))
    text = "\n".join(policy.cedar for policy in revision.policies)
    _check_together(text, expected=len(ids))
    _validate(text, schema=schema, ids=ids)
    entities = entity_check.parse_entities(revision.entities, schema=schema)
    if isinstance(entities, str):
        raise RefusedError(stage="validate", error=entities)
    world = _world(revision.entities, schema=schema)
    stages = (temporary[:over] for over in range(len(temporary) + 1))
    served = [_without(revision.policies, over) for over in stages]
    deciders = tuple(
        slicing.Decider(
            index=index_of(tuple(policy.cedar for policy in policies)),
            ids=tuple(name for policy in policies for name in statements[policy.id]),
            entities=entities,
            world=world,
            schema=schema,
        )
        for policies in served
    )
    return Loaded(revision=revision, statements=statements, deciders=deciders, temporary=temporary)


def decide(question: Question, *, loaded: Loaded | None) -> Answer:
    """Answer one question from one revision, denying where none is loaded.

    Raises QuestionError where the question does not fit the revision's schema.
    """
    if loaded is None:
        return Answer(decision="Deny", reason=(), errors=(NOTHING_LOADED,))
    verdict = _ask(question, decider=loaded.decider)
    if verdict.decision == cedarpy.Decision.NoDecision.value:
        raise refusal(verdict.errors)
    reason = tuple(sorted(verdict.reasons))
    return Answer(decision=verdict.decision, reason=reason, errors=verdict.errors)


def _ask(question: Question, *, decider: slicing.Decider) -> slicing.Verdict:
    request: dict[str, Any] = {
        "principal": question.principal,
        "action": question.action,
        "resource": question.resource,
        "context": question.context,
    }
    decider = over(question.entities, decider=decider)
    if question.additional_entities is None:
        return decider.decide(request)
    try:
        return decider.decide_with(request, added=question.additional_entities)
    except ValueError as error:
        raise QuestionError(field="additional_entities", problem=str(error)) from error


def over(entities: str | None, *, decider: slicing.Decider) -> slicing.Decider:
    """Return what decides over the entities that a question brings, if it brings any.

    Raises QuestionError where they are none.
    """
    try:
        return decider if entities is None else decider.over(entities)
    except ValueError as error:
        raise QuestionError(field="entities", problem=str(error)) from error


def _without(policies: tuple[Policy, ...], over: Sequence[Temporary]) -> tuple[Policy, ...]:
    gone = {item.id for item in over}
    return tuple(policy for policy in policies if policy.id not in gone)


def _parse_schema(text: str) -> cedarpy.Schema:
    try:
        nesting.check_schema_text(text)
        return cedarpy.Schema.from_str(text, release_gil=True)
    except ValueError as error:
        raise RefusedError(stage="parse", error=f"schema: {error}") from error


def name_statements(policies: Sequence[Policy]) -> dict[str, tuple[str, ...]]:
    """Return the statement ids of each policy; raises RefusedError where one does not parse."""
    _refuse_repeated([policy.id for policy in policies])
    statements: dict[str, tuple[str, ...]] = {}
    for policy in policies:
        try:
            statements[policy.id] = slicing.ids_of(policy.id, _read(policy.cedar))
        except ValueError as error:
            raise RefusedError(stage="parse", policy=policy.id, error=str(error)) from error
    _refuse_repeated([item for ids in statements.values() for item in ids])
    return statements


def _refuse_repeated(ids: Sequence[str]) -> None:
    for name, times in Counter(ids).items():
        if times > 1:
            raise RefusedError(stage="parse", policy=name, error="policy id occurs more than once")


@functools.lru_cache(maxsize=20_000)
def _read(text: str) -> slicing.Source:
    # Cached because most policies of a revision are those of the revision before.
    nesting.check_policy_text(text)
    return slicing.read_text(text)


@functools.lru_cache(maxsize=2)
def index_of(texts: tuple[str, ...]) -> slicing.Index:
    """Return the index over policies with these texts, in this order."""
    # Cached because many revisions change entities alone; two, for one with a temporary entry.
    index = slicing.Index([_read(text) for text in texts])
    index.shelves.warm()
    return index


def _world(entities: Sequence[dict[str, Any]], *, schema: cedarpy.Schema) -> slicing.World | None:
    actions = slicing.rows_of(cedarpy.Entities.from_json_str("[]", schema))
    try:
        return slicing.World([*entities, *actions])
    except ValueError as error:
        logger.warning("every policy is evaluated", extra={"error": str(error)})
        return None


def _check_together(text: str, *, expected: int) -> None:
    try:
        together = len(cedarpy.PolicySet.from_str(text, release_gil=True))
    except ValueError as error:
        raise RefusedError(stage="parse", error=str(error)) from error
    if together != expected:
        raise RefusedError(stage="parse", error="policies do not parse alike alone and together")


def _validate(text: str, *, schema: cedarpy.Schema, ids: tuple[str, ...]) -> None:
    result = cedarpy.validate_policies(text, schema, release_gil=True)
    if result.validation_passed:
        return
    first = result.errors[0]
    policy = ids[position_of(first.policy_id)] if first.policy_id else None
    more = len(result.errors) - 1
    tail = f" (and {more} more)" if more else ""
    raise RefusedError(stage="validate", policy=policy, error=with_ids(first.error, ids=ids) + tail)


def refusal(errors: Sequence[str]) -> QuestionError:
    """Return what the engine says against a request, by the field it means."""
    text = "; ".join(errors).removeprefix(_BUILD_FAILURE)
    named = _FIELD_OF_FAILURE.match(text)
    return QuestionError(field=named.group(1) if named else "context", problem=text)


def position_of(parser_id: str) -> int:
    """Return the place in its text of a statement that the parser numbered."""
    return int(parser_id.removeprefix("policy"))


def with_ids(text: str, *, ids: tuple[str, ...]) -> str:
    """Name policies in the engine's words by their ids; it numbers them."""

    def name(match: re.Match[str]) -> str:
        place = int(match.group(1))
        return f"`{ids[place]}`" if place < len(ids) else match.group()

    return _POSITION.sub(name, text)
