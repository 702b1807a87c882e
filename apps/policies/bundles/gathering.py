"""What a scope has to export."""

from typing import Any
from uuid import UUID

from apps.orgs.queries import permitted_at, scope_places

from .. import queries
from ..models import Policy, PolicyTest, PolicyVersion
from ..types import PolicyState
from .types import SAID, Carried, CarriedTest

ANSWERS = {True: "allow", False: "deny"}


def places_below(scope: Any) -> dict[UUID, str]:
    """Return the path from `scope` to itself, which is empty, and to every live scope below it."""
    places = scope_places()
    root = places.get(scope.id)
    return {
        id: place.removeprefix(f"{root}/") if place != root else ""
        for id, place in places.items()
        if place == root or place.startswith(f"{root}/")
    }


def gather(scope: Any, *, include_below: bool) -> list[Carried]:
    """Return the policies of a scope that the actor may export, with those below it if asked.

    Each says what is in force, or what a draft says; what is out of force is left out.
    """
    places = places_below(scope) if include_below else {scope.id: ""}
    rows = Policy.objects.filter(permitted_at("policy.export", "scope_id"), scope_id__in=places)
    policies = list(rows.exclude(state=PolicyState.RETIRED).order_by("id"))
    in_force, tests = queries.versions_in_force(policies), queries.tests_of(policies)
    return [
        _carried(
            policy,
            path=places[policy.scope_id],
            in_force=in_force.get(policy.id),
            tests=tests[policy.id],
        )
        for policy in policies
    ]


def _carried(
    policy: Policy, *, path: str, in_force: PolicyVersion | None, tests: list[PolicyTest]
) -> Carried:
    said = in_force or policy
    return Carried(
        path=path,
        name=policy.name,
        description=policy.description,
        is_in_force=in_force is not None,
        tests=tuple(
            CarriedTest(name=test.name, question=test.question, expected=ANSWERS[test.is_allowed])
            for test in tests
        ),
        **{name: getattr(said, name) for name in SAID},
    )
