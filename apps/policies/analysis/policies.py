"""Strictly validated policies, and each compiled once for an environment."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cedarpy

from .encode import Encoder
from .schema import Schema
from .terms import INT, Term
from .types import Effect, Environment, InvalidPolicies, Unencodable
from .values import Reference
from .world import World

Json = Mapping[str, Any]
_VARIABLES = ("principal", "resource")


@dataclass(frozen=True)
class Policy:
    """One policy or template: its id for findings, and Cedar's JSON form of it."""

    id: str
    body: Json

    @property
    def effect(self) -> Effect:
        return Effect(self.body["effect"])

    @property
    def slots(self) -> tuple[str, ...]:
        """Return which variables have a slot to be filled."""
        return tuple(name for name in _VARIABLES if "slot" in _target(self.body[name]))

    @cached_property
    def digest(self) -> str:
        """Return a digest of what the policy says, its id apart."""
        said = {key: value for key, value in self.body.items() if key != "annotations"}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def parse_policies(text: str, schema: Schema, *, name: str = "policy") -> tuple[Policy, ...]:
    """Return the policies of `text`, numbered from 0.

    InvalidPolicies unless strictly valid; Unencodable if it nests too deeply to be read.
    """
    result = cedarpy.validate_policies(text, schema.handle)
    if not result.validation_passed:
        raise InvalidPolicies("; ".join(problem.error for problem in result.errors))
    try:
        held = json.loads(cedarpy.policies_to_json_str(text))
        bodies = balanced({**held["staticPolicies"], **held["templates"]})
    except RecursionError as error:
        raise Unencodable("policies that nest too deeply") from error
    order = sorted(bodies, key=lambda key: int(key.removeprefix("policy")))
    return tuple(Policy(f"{name}{at}", bodies[key]) for at, key in enumerate(order))


def balanced(body: Any) -> Any:
    """Return the same with every chain of `&&` or `||` as a tree that is as low as can be.

    Both are associative, in errors too: what is evaluated, and in which order, stays the same.
    """
    if isinstance(body, list):
        return [balanced(one) for one in body]
    if not isinstance(body, dict):
        return body
    for op in ("&&", "||"):
        if len(body) == 1 and isinstance(body.get(op), dict):
            return _tree(op, [balanced(one) for one in _chain(op, body)])
    return {key: balanced(held) for key, held in body.items()}


def _chain(op: str, body: Any) -> list[Any]:
    found: list[Any] = []
    todo = [body]
    while todo:
        one = todo.pop()
        if isinstance(one, dict) and len(one) == 1 and isinstance(one.get(op), dict):
            todo += [one[op]["right"], one[op]["left"]]
        else:
            found.append(one)
    return found


def _tree(op: str, parts: list[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return {op: {"left": _tree(op, parts[:half]), "right": _tree(op, parts[half:])}}


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """The entity that fills a slot: of which of these types, and which one."""

    policy: str
    variable: str
    choices: tuple[Reference, ...]
    chosen: Term


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A policy for one environment: whether it evaluates without error, and applies."""

    policy: Policy
    fine: Term
    applies: Term
    slots: tuple[Slot, ...]


class Compiler:
    """Compiles policies for one environment, each once."""

    def __init__(self, schema: Schema, environment: Environment) -> None:
        self.schema, self.environment = schema, environment
        self.world = World(schema)
        self.terms = self.world.terms
        self.encoder = Encoder(self.world, environment)
        self._done: dict[tuple[str, str], Compiled | Unencodable] = {}

    def compile(self, policy: Policy) -> Compiled:
        """Return the policy as terms; Unencodable with the reason where that cannot be exact."""
        key = (policy.digest, policy.id if policy.slots else "")
        if key not in self._done:
            try:
                self._done[key] = self._compile(policy)
            except Unencodable as error:
                self._done[key] = error
            except RecursionError:
                self._done[key] = Unencodable("an expression that nests too deeply")
        found = self._done[key]
        if isinstance(found, Unencodable):
            raise found
        return Compiled(policy, found.fine, found.applies, found.slots)

    def _compile(self, policy: Policy) -> Compiled:
        slots: list[Slot] = []
        holds = self._action(policy.body["action"])
        for variable in _VARIABLES:
            if holds is not self.terms.false:
                scope = policy.body[variable]
                holds = self.terms.and_(holds, self._scope(policy.id, variable, scope, slots))
        fine = self.terms.true
        for condition in policy.body["conditions"]:
            if holds is self.terms.false or fine is self.terms.false:
                break
            body_fine, body = self.encoder.truth(condition["body"])
            fine = self.terms.and_(fine, self.terms.implies(holds, body_fine))
            wanted = body if condition["kind"] == "when" else self.terms.not_(body)
            holds = self.terms.and_(holds, wanted)
        return Compiled(policy, fine, self.terms.and_(fine, holds), tuple(slots))

    def _action(self, scope: Json) -> Term:
        if scope["op"] == "All":
            return self.terms.true
        action = self.encoder.variables["action"]
        uids = scope.get("entities") or [scope["entity"]]
        if not isinstance(action, Reference):
            raise Unencodable("an action that is not named")
        held = [self.world.literal(uid["type"], uid["id"]) for uid in uids]
        if scope["op"] == "==":
            return self.terms.any_(self.world.equal(action, one) for one in held)
        return self.terms.any_(self.world.within(action, one) for one in held)

    def _scope(self, policy: str, variable: str, scope: Json, slots: list[Slot]) -> Term:
        entity = self.encoder.variables[variable]
        if not isinstance(entity, Reference):
            raise Unencodable(f"a {variable} that is no entity")
        if scope.get("entity_type", entity.type) != entity.type:
            return self.terms.false
        target = _target(scope)
        if "slot" in target:
            return self._slot(policy, variable, scope, entity, slots)
        if "entity" not in target:
            return self.terms.true
        uid = target["entity"]
        named = self.world.literal(uid["type"], uid["id"])
        if scope["op"] == "==":
            return self.world.equal(entity, named)
        return self.world.within(entity, named)

    def _slot(
        self, policy: str, variable: str, scope: Json, entity: Reference, slots: list[Slot]
    ) -> Term:
        kinds = [entity.type, *sorted(self.schema.entities[entity.type].ancestors - {entity.type})]
        label = ("slot", policy, variable)
        choices = tuple(
            Reference(kind, self.terms.app((*label, kind), f"E:{kind}")) for kind in kinds
        )
        chosen = self.terms.app((*label, "#which", len(kinds)), INT)
        slots.append(Slot(policy, variable, choices, chosen))
        holds = self.world.equal if scope["op"] == "==" else self.world.within
        return self.terms.any_(
            self.terms.and_(self.terms.eq(chosen, self.terms.number(at)), holds(entity, choice))
            for at, choice in enumerate(choices)
        )


def _target(scope: Json) -> Json:
    """Return where a scope names its entity or slot; `is … in` nests it."""
    nested = scope.get("in")
    return nested if nested is not None else scope


def link(policy: Policy, slots: Mapping[str, Mapping[str, str]]) -> Json:
    """Return the body of a policy with its slots filled."""
    body = dict(policy.body)
    for variable in policy.slots:
        scope = dict(body[variable])
        filled = {"entity": dict(slots[variable])}
        if scope.get("in") is not None:
            scope["in"] = filled
        else:
            del scope["slot"]
            scope.update(filled)
        body[variable] = scope
    return body
