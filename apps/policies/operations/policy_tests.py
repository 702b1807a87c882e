"""Keeping questions whose answers a policy must not change."""

from typing import Any
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.constraints import conflicts
from apps.kernel.errors import Conflict, Invalid
from apps.kernel.operation import operation
from apps.orgs import queries as orgs
from apps.orgs.checks import clean_text

from .. import queries
from ..models import PolicyTest
from ..playground import ask
from ..testing import read_question

NAME_TAKEN = {"policy_test_once_per_name": ("name", "The policy has a test of that name.")}
ANSWERS = {"allow": True, "deny": False}
MAX_TESTS = 100


@operation("policy.add_test")
def add_test(*, policy_id: UUID, name: str, question: dict[str, Any], expected: str) -> PolicyTest:
    """Keep a question: the policy comes into force only if its answer is the expected one."""
    policy = queries.get_policy(policy_id, for_update=True)
    authorize("policy.add_test", policy.as_resource())
    if expected not in ANSWERS:
        raise Invalid(fields={"expected": ["Choose allow or deny."]})
    ask(read_question(question))
    if queries.list_tests(policy.id).count() >= MAX_TESTS:
        raise Conflict(f"A policy has at most {MAX_TESTS} tests.")
    test = PolicyTest(
        policy=policy,
        author=orgs.get_acting_user(),
        name=clean_text(name, field="name"),
        question=question,
        is_allowed=ANSWERS[expected],
        created_at=clock.now(),
    )
    with conflicts(NAME_TAKEN):
        test.save(force_insert=True)
    after = {"test": test.name, "expected": expected, "question": question}
    emit("policy.test_added", resource=policy.as_resource(), change=Change(after=after))
    return test


@operation("policy.remove_test")
def remove_test(*, test_id: UUID) -> None:
    """Give up a test; the log keeps what it asked."""
    test = queries.get_test(test_id)
    policy = test.policy
    authorize("policy.remove_test", policy.as_resource())
    before = {"test": test.name, "is_allowed": test.is_allowed, "question": test.question}
    test.delete()
    emit("policy.test_removed", resource=policy.as_resource(), change=Change(before=before))
