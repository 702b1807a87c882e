"""Bounded search: worlds made of what policies speak of, tried in Cedar itself."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .confirm import Claim, observe_many
from .extensions import address_json, extension_json
from .literals import Literals, literals_of
from .policies import Policy
from .schema import Entity, EntityType, RecordType, Schema, SetType, Type
from .types import Environment, Unencodable, Witness

WORLDS, REQUESTS = 8, 60
_LARGEST_SET = 3


@dataclass(frozen=True, slots=True)
class RandomWorld:
    """Entities, requests and filled slots, all valid by the schema."""

    entities: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    slots: dict[str, dict[str, dict[str, str]]]


def find_witness(
    schema: Schema, environment: Environment, policies: Sequence[Policy], claim: Claim
) -> Witness | None:
    """Return a world in which Cedar does what is claimed; None if none of those tried is one."""
    seed = "".join(policy.digest for policy in policies) + str(environment)
    try:
        worlds = random_worlds(schema, environment, policies, random.Random(seed))
        for world in worlds:
            done = observe_many(
                schema,
                policies,
                entities=world.entities,
                requests=world.requests,
                slots=world.slots,
            )
            for request, did in zip(world.requests, done, strict=True):
                if did is not None and claim(did):
                    return Witness(entities=tuple(world.entities), slots=world.slots, **request)
    except Unencodable:
        return None
    return None


def random_worlds(
    schema: Schema,
    environment: Environment,
    policies: Sequence[Policy],
    rng: random.Random,
    *,
    worlds: int = WORLDS,
    requests: int = REQUESTS,
) -> Iterator[RandomWorld]:
    """Yield worlds whose values lie at the policies' literals and beside them."""
    literals = literals_of(policies)
    for _ in range(worlds):
        maker = _Maker(schema, literals, rng)
        yield RandomWorld(
            entities=maker.entities(),
            requests=[maker.request(environment) for _ in range(requests)],
            slots={
                policy.id: maker.slots(policy, environment) for policy in policies if policy.slots
            },
        )


class _Maker:
    """Makes one world."""

    def __init__(self, schema: Schema, literals: Literals, rng: random.Random) -> None:
        self.schema, self.literals, self.rng = schema, literals, rng
        self.ids = {
            name: entity.choices or sorted({*literals.entities.get(name, ()), "one", "two"})
            for name, entity in schema.entities.items()
        }
        places = [(name, eid) for name, ids in self.ids.items() for eid in ids]
        rng.shuffle(places)
        self.rank = {place: at for at, place in enumerate(places)}

    def entities(self) -> list[dict[str, Any]]:
        return [
            self.entity(entity, eid)
            for name, entity in self.schema.entities.items()
            if not entity.choices
            for eid in self.ids[name]
        ]

    def entity(self, entity: Entity, eid: str) -> dict[str, Any]:
        found = {
            "uid": {"type": entity.name, "id": eid},
            "attrs": self.value(entity.shape),
            "parents": self.parents(entity, eid),
        }
        if entity.tags is not None:
            keys = self.rng.sample(sorted(self.literals.texts), k=self.rng.randint(0, 2))
            found["tags"] = {key: self.value(entity.tags) for key in keys}
        return found

    def parents(self, entity: Entity, eid: str) -> list[dict[str, str]]:
        mine = self.rank[(entity.name, eid)]
        return [
            {"type": name, "id": above}
            for name in sorted(entity.ancestors)
            for above in self.ids[name]
            if self.rank[(name, above)] > mine and self.rng.random() < 0.4
        ]

    def request(self, environment: Environment) -> dict[str, Any]:
        shape = self.schema.action_of(environment).context
        return {
            "principal": self.uid(environment.principal),
            "action": environment.action,
            "resource": self.uid(environment.resource),
            "context": self.value(shape),
        }

    def uid(self, kind: str) -> dict[str, str]:
        return {"type": kind, "id": self.rng.choice(self.ids[kind])}

    def slots(self, policy: Policy, environment: Environment) -> dict[str, dict[str, str]]:
        kinds = {"principal": environment.principal, "resource": environment.resource}
        filled = {}
        for variable in policy.slots:
            kind = kinds[variable]
            above = sorted(self.schema.entities[kind].ancestors)
            is_equal = policy.body[variable]["op"] == "=="
            filled[variable] = self.uid(kind if is_equal else self.rng.choice([kind, *above]))
        return filled

    def value(self, kind: Type) -> Any:
        if isinstance(kind, RecordType):
            return {
                name: self.value(held)
                for name, held, required in kind.attributes
                if required or self.rng.random() < 0.6
            }
        if isinstance(kind, SetType):
            found = [self.value(kind.element) for _ in range(self.rng.randint(0, _LARGEST_SET))]
            return [one for at, one in enumerate(found) if one not in found[:at]]
        if isinstance(kind, EntityType):
            return {"__entity": self.uid(kind.name)}
        return self.plain(kind.name)

    def plain(self, name: str) -> Any:
        if name == "Bool":
            return self.rng.random() < 0.5
        if name == "String":
            return self.rng.choice(sorted(self.literals.texts))
        if name == "ipaddr":
            return address_json(*self.rng.choice(sorted(self.literals.addresses)))
        number = self.rng.choice(sorted(self.literals.numbers.get(name, {-1, 0, 1, 2})))
        return number if name == "Long" else extension_json(name, number)
