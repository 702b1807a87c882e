"""Putting one class of requests to Cedar, with every combination of what is not known."""

import itertools
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cedarpy

from ..analysis import Environment, Schema
from .boxes import Combination, boxes_of
from .classes import unnamed_id
from .directory import Directory
from .facets import Facet, facets_of, trimmed
from .statements import Statement
from .types import Effect, Option, Says, Target, Term, Uid

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a class of requests comes to: who gains or loses, under which circumstances."""

    changes: tuple[tuple[Effect, tuple[Term, ...]], ...]
    is_sampled: bool


@dataclass(frozen=True)
class Unit:
    """One request for each combination: somebody, a target, and the statements that reach both."""

    environment: Environment
    principal: Uid
    target: Target
    statements: tuple[Statement, ...]
    facets: tuple[Facet, ...]
    is_known: bool

    @property
    def sizes(self) -> list[int]:
        return [len(facet.options) for facet in self.facets]

    @property
    def size(self) -> int:
        return math.prod(self.sizes)


def unit_of(
    schema: Schema,
    environment: Environment,
    *,
    principal: Uid,
    target: Target,
    statements: Sequence[Statement],
    is_known: bool,
) -> Unit:
    """Return a class of requests with what to try; CannotTry if a needed value is not known."""
    reads = [read for one in statements for read in one.reads]
    facets = facets_of("context", schema.action_of(environment).context, reads)
    if not is_known:
        facets += facets_of("resource", schema.entities[target.type].shape, reads)
    chosen = tuple(trimmed(facets))
    return Unit(environment, principal, target, tuple(statements), chosen, is_known)


class Cedar:
    """The engine, over the entities of one organization; policies are parsed once."""

    def __init__(self, schema: Schema, directory: Directory) -> None:
        self.schema, self.directory = schema, directory
        self._sets: dict[tuple[str, ...], cedarpy.PolicySet] = {}

    def ask(self, unit: Unit) -> Outcome:
        """Return how the change decides otherwise; raises what cedarpy raises on no request."""
        found: dict[Effect, list[Combination]] = {Effect.GAINS: [], Effect.LOSES: []}
        for combination, applied in self._observe(unit):
            effect = _effect(unit.statements, applied)
            if effect is not None:
                found[effect].append(combination)
        changes = tuple(
            (effect, _terms(unit.facets, box))
            for effect, holding in found.items()
            for box in boxes_of(holding, unit.sizes)
        )
        return Outcome(changes, not all(facet.is_complete for facet in unit.facets))

    def _observe(self, unit: Unit) -> Iterator[tuple[Combination, frozenset[int]]]:
        policies = self._policies(unit.statements)
        for turn in _turns(unit):
            rows = [entity for _, entity, _ in turn if entity is not None]
            named = [unit.principal, *_literals(unit.statements)]
            kept = self.directory.reach([*named, *_around(unit.target, is_known=unit.is_known)])
            text = json.dumps([*kept, *{json.dumps(one): one for one in rows}.values()])
            store = cedarpy.Entities.from_json_str(text, self.schema.handle)
            requests = [request for _, _, request in turn]
            answers = cedarpy.is_authorized_batch(requests, policies, store, self.schema.handle)
            for (combination, _, _), answer in zip(turn, answers, strict=True):
                reasons = answer.diagnostics.reasons
                yield combination, frozenset(int(name[1:]) for name in reasons)

    def _policies(self, statements: Sequence[Statement]) -> cedarpy.PolicySet:
        key = tuple(one.policy.digest for one in statements)
        if key not in self._sets:
            # All as permits, because beside a forbid that applies Cedar names no permit.
            bodies = {
                f"p{at}": {**one.policy.body, "effect": "permit"}
                for at, one in enumerate(statements)
            }
            held = {"staticPolicies": bodies, "templates": {}, "templateLinks": []}
            self._sets[key] = cedarpy.PolicySet.from_json_str(json.dumps(held))
        return self._sets[key]


def _turns(unit: Unit) -> Iterator[list[tuple[Combination, Json | None, Json]]]:
    """Yield combinations with the resource, if it is made up, and the request, that go together.

    A resource with a name of its own can be in one store only once.
    """
    spare = unnamed_id(unit.target.type, unit.statements)
    numbers: dict[Combination, int] = {}
    turns: dict[int, list[tuple[Combination, Json | None, Json]]] = {}
    for combination in itertools.product(*(range(size) for size in unit.sizes)):
        sides = zip(combination, unit.facets, strict=True)
        variant = tuple(at for at, facet in sides if facet.root == "resource")
        number = numbers.setdefault(variant, len(numbers))
        name = unit.target.id or f"{spare}-{number}"
        turn = turns.setdefault(number if unit.target.id else 0, [])
        turn.append(_request(unit, combination, name=name))
    yield from turns.values()


def _request(
    unit: Unit, combination: Combination, *, name: str
) -> tuple[Combination, Json | None, Json]:
    values: dict[str, Json] = {"context": {}, "resource": {}}
    for at, facet in zip(combination, unit.facets, strict=True):
        option = facet.options[at]
        if option.says is not Says.ABSENT:
            values[facet.root][facet.name] = _plain(option)
    resource = {"type": unit.target.type, "id": name}
    entity = None
    if not unit.is_known:
        parents = [uid._asdict() for uid in _around(unit.target, is_known=False)]
        entity = {"uid": resource, "attrs": values["resource"], "parents": parents}
    request = {
        "principal": unit.principal._asdict(),
        "action": unit.environment.action,
        "resource": resource,
        "context": values["context"],
    }
    return combination, entity, request


def _around(target: Target, *, is_known: bool) -> list[Uid]:
    """Return the known entity that a target is, or lies in."""
    if is_known:
        return [Uid(target.type, target.id)]
    return [Uid("Scope", target.place)] if target.place else []


def _literals(statements: Sequence[Statement]) -> Iterator[Uid]:
    for one in statements:
        for read in one.reads:
            yield from (literal for literal in read.literals if isinstance(literal, Uid))


def _effect(statements: Sequence[Statement], applied: frozenset[int]) -> Effect | None:
    met = [statements[at] for at in applied]
    before = _allows([one for one in met if one.is_before])
    after = _allows([one for one in met if one.is_after])
    if before == after:
        return None
    return Effect.GAINS if after else Effect.LOSES


def _allows(met: Sequence[Statement]) -> bool:
    return bool(met) and not any(one.is_forbid for one in met)


def _terms(facets: Sequence[Facet], box: Sequence[frozenset[int]]) -> tuple[Term, ...]:
    return tuple(
        Term(
            root=facet.root,
            name=facet.name,
            options=tuple(facet.options[at] for at in sorted(side)),
        )
        for facet, side in zip(facets, box, strict=True)
        if len(side) < len(facet.options)
    )


def _plain(option: Option) -> Any:
    return list(option.value) if isinstance(option.value, tuple) else option.value
