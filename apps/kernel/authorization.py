"""The one question every door and operation asks: may this actor do this to that?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .errors import Forbidden, NoActor
from .frames import note_decision
from .tenancy import current_actor


@dataclass(frozen=True, slots=True)
class Resource:
    """What an action is about: a Cedar entity in an organizational scope.

    `attributes` are Cedar JSON values; `scope_id` is the organizational scope that holds it.
    """

    type: str
    id: str
    name: str
    scope_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """Cedar's answer with the policies that determined it and any evaluation errors."""

    allowed: bool
    action: str
    resource: Resource
    policies: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    reason: str = ""


class Decider(Protocol):
    """The policy decision point behind `authorize`."""

    def decide(
        self, *, action: str, resource: Resource, context: Mapping[str, Any]
    ) -> Decision: ...

    def agent_actions(self) -> frozenset[str]: ...

    def decide_many(
        self, *, action: str, resources: Sequence[Resource], context: Mapping[str, Any]
    ) -> list[Decision]: ...

    def actions(self) -> frozenset[str]: ...


_decider: list[Decider] = []


def bind_decider(decider: Decider) -> None:
    """Set the policy decision point of this process."""
    _decider[:] = [decider]


def known_actions() -> frozenset[str]:
    """Return the name of every action there is; none before a decider is bound."""
    return _decider[0].actions() if _decider else frozenset()


def decide(
    action: str, resource: Resource, *, context: Mapping[str, Any] | None = None
) -> Decision:
    """Return the decision for the actor in scope without enforcing it."""
    current_actor()
    if not _decider:
        raise NoActor("no decider is bound: nothing is allowed")
    return _decider[0].decide(action=action, resource=resource, context=context or {})


def decide_many(
    action: str, resources: Sequence[Resource], *, context: Mapping[str, Any] | None = None
) -> list[Decision]:
    """Return one decision per resource, in order, without enforcing them."""
    current_actor()
    if not _decider:
        raise NoActor("no decider is bound: nothing is allowed")
    return _decider[0].decide_many(action=action, resources=resources, context=context or {})


def agent_actions() -> frozenset[str]:
    """Return the actions that can be given to an agent as capabilities."""
    return _decider[0].agent_actions() if _decider else frozenset()


def authorize(
    action: str, resource: Resource, *, context: Mapping[str, Any] | None = None
) -> Decision:
    """Return the decision if it allows; raise Forbidden, carrying the decision, if it does not."""
    decision = decide(action, resource, context=context)
    if not decision.allowed:
        raise Forbidden(decision.reason, decision=decision)
    note_decision(decision.policies)
    return decision
