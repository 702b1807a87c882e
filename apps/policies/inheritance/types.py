"""Layers of a policy and what becomes of them."""

from dataclasses import dataclass
from typing import Any

from ..rules import Rule
from ..types import PolicyMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A policy of one scope: what it says and how it treats what it inherits.

    `place` is the scope's slug path; a rule's severity is filled in from the policy's.
    """

    policy_id: Any
    name: str
    scope_id: Any
    scope_name: str
    place: str
    depth: int
    version: int | None
    severity: str
    mode: str
    merge_strategy: str
    cedar: str
    rules: tuple[Rule, ...]

    @property
    def is_optional(self) -> bool:
        return self.mode == PolicyMode.OPTIONAL

    @property
    def title(self) -> str:
        return f"{self.name} of {self.scope_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveRule:
    """A rule as it holds at a scope: where it comes from and what it took the place of."""

    rule: Rule
    layer: Layer
    replaces: tuple[Layer, ...] = ()
    is_off_here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a layer holds at a scope, and in words what happened to it there."""

    layer: Layer
    overridden_by: Layer | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectivePolicy:
    """All layers of one name at a scope, highest first, and the rules that result."""

    name: str
    standings: tuple[Standing, ...]
    rules: tuple[EffectiveRule, ...]


@dataclass(frozen=True, slots=True)
class Breach:
    """How a policy breaks one above it: the field at fault and the words."""

    field: str
    text: str
