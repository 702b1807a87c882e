"""The place of the playground in the REST interface."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from pydantic import Field, StringConstraints

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.rest import (
    Body,
    Line,
    ListQuery,
    PersonRef,
    Resource,
    Route,
    Text,
    unset,
)

from .. import queries
from ..models import PolicyTest
from ..operations import add_test, remove_test
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


class TestIn(Body):
    """A question to keep, with the members that policy.evaluate takes, and its answer."""

    name: Line
    question: Members
    expected: Literal["allow", "deny"]


class TestOut(Resource):
    """A question whose answer must stay the same."""

    id: UUID
    policy_id: UUID
    author: PersonRef
    name: str
    question: dict[str, Any]
    is_allowed: bool
    created_at: datetime


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


def list_tests(*, policy_id: UUID) -> QuerySet[PolicyTest]:
    """List the tests of a policy, by name."""
    authorize("policy.view", queries.get_policy(policy_id).as_resource())
    return queries.list_tests(policy_id)


ROUTES = (
    Route(
        method="POST", path="policies/evaluate", name="policy.evaluate", call=ask_policies,
        takes=QuestionIn, answers=ComparisonOut,
    ),
    Route(
        method="GET", path="policies/<uuid:policy_id>/tests", name="policy.tests",
        call=list_tests, query=ListQuery, answers=TestOut, order=("name", "id"),
    ),
    Route(
        method="POST", path="policies/<uuid:policy_id>/tests", name="policy.add_test",
        call=add_test, takes=TestIn, answers=TestOut, status=201,
    ),
    Route(
        method="DELETE", path="policy-tests/<uuid:test_id>", name="policy.remove_test",
        call=remove_test, status=204,
    ),
)  # fmt: skip
