"""The statements of both sides of a change, each once, and what each reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..analysis import Effect, Environment, InvalidPolicies, Policy, Schema, Unencodable
from ..analysis import parse_policies as parse
from ..analysis.review import concerned
from ..comparison import Body, Change
from .reads import Read, reads_of
from .types import Uid

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Statement:
    """One statement, and on which sides of the change it stands."""

    policy: Policy
    is_before: bool
    is_after: bool

    @property
    def is_changed(self) -> bool:
        return self.is_before != self.is_after

    @property
    def is_forbid(self) -> bool:
        return self.policy.effect is Effect.FORBID

    @cached_property
    def reads(self) -> tuple[Read, ...]:
        """Return what its conditions ask, but for relations."""
        return tuple(read for read in self._asked if not _is_relation(read))

    @cached_property
    def relations(self) -> tuple[tuple[str, ...], ...]:
        """Return the paths of whoever must be in the resource itself for some condition."""
        return tuple(read.path for read in self._asked if _is_relation(read))

    @cached_property
    def _asked(self) -> tuple[Read, ...]:
        return reads_of(self.policy.body["conditions"])

    def reaches(self, variable: str, uid: Uid, line: frozenset[Uid]) -> bool:
        """Return whether the scope of `principal` or `resource` holds for one in this line."""
        scope = self.policy.body[variable]
        if scope.get("entity_type", uid.type) != uid.type:
            return False
        held = scope.get("in") or scope
        if "entity" not in held:
            return True
        named = Uid(held["entity"]["type"], held["entity"]["id"])
        return named == uid if scope["op"] == "==" else named in line

    def named(self, variable: str) -> tuple[Uid, ...]:
        """Return the entity that the scope of a variable names, if it names one."""
        scope = self.policy.body[variable]
        held = scope.get("in") or scope
        return (Uid(held["entity"]["type"], held["entity"]["id"]),) if "entity" in held else ()


def read_statements(change: Change, schema: Schema) -> tuple[list[Statement], list[str]]:
    """Return the statements of both sides, and the ids of policies that could not be read."""
    before: dict[str, Policy] = {}
    after: dict[str, Policy] = {}
    unread: set[str] = set()
    for bodies, side in ((change.base, before), (change.after, after)):
        for body in bodies:
            try:
                side.update(_read(body, schema))
            except (InvalidPolicies, Unencodable):
                unread.add(body.id)
    every = {**before, **after}
    found = [Statement(every[key], key in before, key in after) for key in sorted(every)]
    return found, sorted(unread)


def relevant(
    statements: Sequence[Statement], schema: Schema, environment: Environment
) -> list[Statement]:
    """Return the statements that may apply to one kind of request; none if none of them changed."""
    by_policy = {one.policy.digest: one for one in statements}
    met = concerned(schema, [one.policy for one in statements], environment)
    found = [by_policy[policy.digest] for policy in met]
    return found if any(one.is_changed for one in found) else []


def _is_relation(read: Read) -> bool:
    return read.kind == "under" and read.path[0] == "principal" and read.literals == ("resource",)


def _read(body: Body, schema: Schema) -> dict[str, Policy]:
    if not body.cedar.strip():
        return {}
    # A template without a link decides nothing.
    return {one.digest: one for one in parse(body.cedar, schema) if not one.slots}
