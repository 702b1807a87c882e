"""The place of the playground in the REST interface."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from apps.kernel.entrypoints.rest import Body, Resource, Route, Text, unset

from ..playground import Comparison
from .evaluation import evaluate

MAX_MEMBERS = 50
Word = Annotated[Text, StringConstraints(min_length=1, max_length=300)]
Members = Annotated[dict[str, Any], Field(max_length=MAX_MEMBERS)]


class QuestionIn(Body):
    """Who wants to do what to what; attributes and context are Cedar JSON.

    `principal` is an e-mail address or an agent's id, `place` the slug path of the scope in which
    the resource lies. With `policy_id` the policy's working copy is asked too.
    """

    principal: Word
    action: Word
    resource_type: Word
    resource_id: Word
    place: Annotated[Text, StringConstraints(max_length=1000)] = unset()
    policy_id: UUID = unset()
    attributes: Members = unset()
    context: Members = unset()


class OutcomeOut(Resource):
    """Whether it is allowed, the policies that decided, and what failed to evaluate."""

    is_allowed: bool
    policies: list[str]
    errors: list[str]


class ComparisonOut(Resource):
    """The answer of what is in force, and with the working copy where one was asked."""

    now: OutcomeOut
    then: OutcomeOut | None
    is_changed: bool


def ask_policies(*, resource_type: str, resource_id: str, **values: Any) -> Comparison:
    """Answer what agents would answer, now and with a working copy; saves nothing."""
    return evaluate(resource=(resource_type, resource_id), **values)


ROUTES = (
    Route(
        method="POST", path="policies/evaluate", name="policy.evaluate", call=ask_policies,
        takes=QuestionIn, answers=ComparisonOut,
    ),
)  # fmt: skip
