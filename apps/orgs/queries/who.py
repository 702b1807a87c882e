"""Who may do something: Cedar asked once for each person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from apps.kernel.actor import Actor, Principal, PrincipalKind
from apps.kernel.authorization import Decision, Resource, decide
from apps.kernel.tenancy import acting_as, current_actor

from ..models import User
from .members import list_users


@dataclass(frozen=True, slots=True)
class Answer:
    """A person and the decision that lets them."""

    user: User
    decision: Decision


def who_may(action: str, resource: Resource) -> Sequence[Answer]:
    """Return the active people who may do `action` to `resource`, by name; records nothing."""
    asking = current_actor()
    answers = [Answer(user, _ask(asking, user, action, resource)) for user in list_users()]
    return [answer for answer in answers if answer.decision.allowed]


def _ask(asking: Actor, user: User, action: str, resource: Resource) -> Decision:
    person = Principal(kind=PrincipalKind.USER, id=str(user.id), name=user.name)
    actor = replace(
        asking,
        principal=person,
        on_behalf_of=(),
        scopes=None,
        is_platform=user.is_platform_admin,
    )
    with acting_as(actor):
        return decide(action, resource)
