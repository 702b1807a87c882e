"""What an intent is read into: a draft, a question with choices, or the reason why not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """A scope as people and policies name it; `path` is its slugs from the company down."""

    path: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where an intent is said: the scope that it is for, and all places, the company first."""

    here: Place
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A policy as `policy.draft` takes it; `place` is the path of the scope it belongs to."""

    name: str
    description: str
    severity: str
    mode: str
    place: str
    cedar: str
    rules: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question: what is sent back, and what it says."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Understood:
    """The intent has one meaning; `answers` are those that it took to find it."""

    draft: Draft
    answers: Mapping[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The intent has several meanings; an answer goes back under `key`."""

    key: str
    question: str
    choices: tuple[Choice, ...]
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Contradictory:
    """Two parts of the intent cannot both hold."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """No form of the grammar reads `part`; `is_beyond` if no policy could say it."""

    part: str
    reason: str
    is_beyond: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """The grammar does not read it; a model has been asked and has not answered yet."""

    answers: Mapping[str, str]


Outcome = Understood | Ambiguous | Contradictory | NotUnderstood | Waiting
MAX_INTENT_CHARACTERS = 2_000
