"""Vocabulary of an impact: who gains or loses what, and under which circumstances."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class Uid(NamedTuple):
    """The type and id of one entity."""

    type: str
    id: str


class Effect(StrEnum):
    GAINS = "gains"
    LOSES = "loses"


class Says(StrEnum):
    """What a value that was tried stands for: all such values are decided alike."""

    ABSENT = "absent"
    IS = "is"
    RANGE = "range"
    LIKE = "like"
    HOLDS = "holds"
    OTHER = "other"


class Target(NamedTuple):
    """What an action is done to: one entity, or any of a type (no id) in a place, "" for none."""

    type: str
    id: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One value that was tried, as Cedar JSON, and what it stands for.

    A range ends at `low` and `high`; a text is like all `patterns` and like none of `unlike`, and
    is none of `besides`; a set holds just `value` of those asked for, and none of `besides`.
    """

    says: Says
    value: Any = None
    low: int | None = None
    high: int | None = None
    patterns: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """That an attribute of the context or the resource has one of these values."""

    root: str
    name: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Everyone in `who` gains or loses an action on all of `what`, when all of `when` holds.

    `is_sampled` says that the values beside those tried were not all tried.
    """

    action: str
    effect: Effect
    who: tuple[int, ...]
    what: tuple[int, ...]
    when: tuple[Term, ...]
    is_sampled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """Who gains and who loses; rows name people, agents and targets by their place in a list.

    `asked` requests were put to Cedar, at most `limit`; `is_cut` says that this, or the limit of
    rows, left something out. `is_sampled` says that somewhere only examples could be tried.
    `unread` are ids of policies that could not be read, `untried` actions that could not be asked.
    """

    who: Sequence[Uid]
    what: Sequence[Target]
    rows: Sequence[Row]
    asked: int
    limit: int
    is_cut: bool
    is_sampled: bool
    unread: Sequence[str] = ()
    untried: Sequence[str] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many people, agents and targets are concerned."""
        agents = sum(uid.type == "Agent" for uid in self.who)
        people = len(self.who) - agents
        return {"people": people, "agents": agents, "resources": len(self.what)}

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {**asdict(self), "counts": dict(self.counts)}
