"""Vocabulary of the event log and its deliveries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID


class Outcome(StrEnum):
    DONE = "done"
    DENIED = "denied"


class DeliveryState(StrEnum):
    PENDING = "pending"
    DONE = "done"
    DEAD = "dead"
    DISCARDED = "discarded"


DELIVERY_TRANSITIONS: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.PENDING: frozenset({DeliveryState.DONE, DeliveryState.DEAD}),
    DeliveryState.DEAD: frozenset({DeliveryState.PENDING, DeliveryState.DISCARDED}),
    DeliveryState.DONE: frozenset(),
    DeliveryState.DISCARDED: frozenset(),
}

MAX_ATTEMPTS = 8
FIRST_DELAY = timedelta(seconds=1)
LONGEST_DELAY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as its handlers see it."""

    id: UUID
    tenant_id: UUID
    type: str
    resource_type: str
    resource_id: str
    scope_id: UUID
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What an operation did to a resource: only the fields that differ, before and after."""

    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
