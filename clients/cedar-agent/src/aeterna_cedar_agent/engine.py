"""Parsed Cedar handles of one revision, swapped at once, and decisions made with them."""

import functools
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cedarpy

from aeterna_cedar_agent import entity_check, nesting
from aeterna_cedar_agent.question import Question, QuestionError
from aeterna_cedar_agent.revision import Policy, Revision

NOTHING_LOADED = "no revision is loaded: every request is denied"

_POSITION = re.compile(r"`policy(\d+)`")
_BUILD_FAILURE = "failed to build request: "
_FIELD_OF_FAILURE = re.compile(r"(?:Failed to parse )?(principal|action|resource)\b")


class RefusedError(Exception):
    """A revision the engine will not serve: at which stage, for which policy, and why."""

    def __init__(self, *, stage: str, error: str, policy: str | None = None) -> None:
        super().__init__(f"{stage}: {error}")
        self.stage = stage
        self.policy = policy
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """One revision with its parsed handles.

    `statements` gives the statement ids of each policy, `statement_ids` all of them by position.
    """

    revision: Revision
    schema: cedarpy.Schema
    policy_set: cedarpy.PolicySet
    entities: cedarpy.Entities
    statements: dict[str, tuple[str, ...]]
    statement_ids: tuple[str, ...]


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


def load_revision(revision: Revision) -> Loaded:
    """Parse and strictly validate a revision, or raise RefusedError; lets other threads run."""
    schema = _parse_schema(revision.schema)
    statements = _name_statements(revision.policies)
    ids = tuple(itertools.chain.from_iterable(statements.values()))
    text = "\n".join(policy.cedar for policy in revision.policies)
    policy_set = _parse_all(text, expected=len(ids))
    _validate(text, schema=schema, ids=ids)
    entities = entity_check.parse_entities(revision.entities, schema=schema)
    if isinstance(entities, str):
        raise RefusedError(stage="validate", error=entities)
    return Loaded(
        revision=revision,
        schema=schema,
        policy_set=policy_set,
        entities=entities,
        statements=statements,
        statement_ids=ids,
    )


def decide(question: Question, *, loaded: Loaded | None) -> Answer:
    """Answer one question from one revision, denying where none is loaded.

    Raises QuestionError where the question does not fit the revision's schema.
    """
    if loaded is None:
        return Answer(decision="Deny", reason=(), errors=(NOTHING_LOADED,))
    entities = _entities_for(question, loaded=loaded)
    request: dict[str, Any] = {
        "principal": question.principal,
        "action": question.action,
        "resource": question.resource,
        "context": question.context,
    }
    result = cedarpy.is_authorized(request, loaded.policy_set, entities, loaded.schema)
    if result.decision is cedarpy.Decision.NoDecision:
        raise _refusal(result.diagnostics.errors)
    names = loaded.statement_ids
    return Answer(
        decision=result.decision.value,
        reason=tuple(sorted(names[_position(item)] for item in result.diagnostics.reasons)),
        errors=tuple(_with_ids(text, ids=names) for text in result.diagnostics.errors),
    )


def _parse_schema(text: str) -> cedarpy.Schema:
    try:
        nesting.check_schema_text(text)
        return cedarpy.Schema.from_str(text, release_gil=True)
    except ValueError as error:
        raise RefusedError(stage="parse", error=f"schema: {error}") from error


def _name_statements(policies: Sequence[Policy]) -> dict[str, tuple[str, ...]]:
    _refuse_repeated([policy.id for policy in policies])
    statements: dict[str, tuple[str, ...]] = {}
    for policy in policies:
        try:
            count = _count_statements(policy.cedar)
        except ValueError as error:
            raise RefusedError(stage="parse", policy=policy.id, error=str(error)) from error
        many = tuple(f"{policy.id}#{place}" for place in range(count))
        statements[policy.id] = many if count > 1 else (policy.id,)
    _refuse_repeated([item for ids in statements.values() for item in ids])
    return statements


def _refuse_repeated(ids: Sequence[str]) -> None:
    for name, times in Counter(ids).items():
        if times > 1:
            raise RefusedError(stage="parse", policy=name, error="policy id occurs more than once")


@functools.lru_cache(maxsize=20_000)
def _count_statements(text: str) -> int:
    # Cached because most policies of a revision are those of the revision before.
    nesting.check_policy_text(text)
    parsed = cedarpy.PolicySet.from_str(text, release_gil=True)
    if parsed.templates():
        raise ValueError("is a template: ?principal and ?resource have nothing to fill them")
    if len(parsed) == 0:
        raise ValueError("holds no statement")
    return len(parsed)


def _parse_all(text: str, *, expected: int) -> cedarpy.PolicySet:
    try:
        policy_set = cedarpy.PolicySet.from_str(text, release_gil=True)
    except ValueError as error:
        raise RefusedError(stage="parse", error=str(error)) from error
    if len(policy_set) != expected:
        raise RefusedError(stage="parse", error="policies do not parse alike alone and together")
    return policy_set


def _validate(text: str, *, schema: cedarpy.Schema, ids: tuple[str, ...]) -> None:
    result = cedarpy.validate_policies(text, schema, release_gil=True)
    if result.validation_passed:
        return
    first = result.errors[0]
    policy = ids[_position(first.policy_id)] if first.policy_id else None
    more = len(result.errors) - 1
    tail = f" (and {more} more)" if more else ""
    raise RefusedError(
        stage="validate", policy=policy, error=_with_ids(first.error, ids=ids) + tail
    )


def _entities_for(question: Question, *, loaded: Loaded) -> cedarpy.Entities:
    if question.additional_entities is None:
        return loaded.entities
    try:
        return loaded.entities.with_added_json_str(question.additional_entities, loaded.schema)
    except ValueError as error:
        raise QuestionError(field="additional_entities", problem=str(error)) from error


def _refusal(errors: Sequence[str]) -> QuestionError:
    text = "; ".join(errors).removeprefix(_BUILD_FAILURE)
    named = _FIELD_OF_FAILURE.match(text)
    return QuestionError(field=named.group(1) if named else "context", problem=text)


def _position(parser_id: str) -> int:
    return int(parser_id.removeprefix("policy"))


def _with_ids(text: str, *, ids: tuple[str, ...]) -> str:
    def name(match: re.Match[str]) -> str:
        place = int(match.group(1))
        return f"`{ids[place]}`" if place < len(ids) else match.group()

    return _POSITION.sub(name, text)
