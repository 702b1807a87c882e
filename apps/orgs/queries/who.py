"""Who may do something: Cedar asked once for each person."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from apps.kernel.actor import Actor, Principal, PrincipalKind
from apps.kernel.authorization import Decision, Resource, decide
from apps.kernel.tenancy import current_actor, current_scope

from ..models import User
from .facts import people_facts, scope_chain
from .members import list_users
from .rank import rank_of


@dataclass(frozen=True, slots=True)
class Answer:
    """A person and the decision that lets them."""

    user: User
    decision: Decision


def who_may(
    action: str, resource: Resource, *, among: Iterable[UUID] | None = None
) -> Sequence[Answer]:
    """Return the active people who may do `action` to `resource`, by name; records nothing.

    With `among`, only these people are asked about.
    """
    rows = list_users() if among is None else list_users().filter(id__in=list(among))
    asking, users = current_actor(), list(rows)
    shared: dict[Any, Any] = {("chain", resource.scope_id): scope_chain(resource.scope_id)}
    if resource.type == PrincipalKind.USER:
        shared["rank", resource.id] = rank_of(resource.id)
    known = people_facts(user.id for user in users)
    answers = []
    for user in users:
        actor = _as_person(asking, user)
        facts: dict[Any, Any] = {
            ("principal", PrincipalKind.USER, str(user.id)): known[user.id],
            **shared,
        }
        with _seen_by(actor, facts):
            answers.append(Answer(user, decide(action, resource)))
    return [answer for answer in answers if answer.decision.allowed]


@contextmanager
def _seen_by(actor: Actor, facts: dict[Any, Any]) -> Iterator[None]:
    # A scope of its own would cost three round trips a person; nothing is written in here.
    scope = current_scope()
    before = scope.actor, scope.facts
    scope.actor, scope.facts = actor, facts
    try:
        yield
    finally:
        scope.actor, scope.facts = before


def _as_person(asking: Actor, user: User) -> Actor:
    person = Principal(kind=PrincipalKind.USER, id=str(user.id), name=user.name)
    return replace(
        asking,
        principal=person,
        on_behalf_of=(),
        scopes=None,
        is_platform=user.is_platform_admin,
    )
