"""Working out what importing a bundle would do, without doing any of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from apps.kernel.errors import Conflict, Invalid
from apps.policies.bundles import ANSWERS, SAID, Carried, CarriedTest, PolicyBundle, strangers_in
from apps.policies.operations import MAX_TESTS, require_askable, require_importable
from apps.policies.types import PolicyState

from ..kinds import get_kind
from ..kinds.policy import SETTINGS
from ..models import Proposal
from ..types import ProposalKind
from .here import Here, look_around
from .types import Plan, Row, Step, plan_digest

if TYPE_CHECKING:
    from apps.policies.models import Policy

REPLACES = "Its working copy says something that is not in force; that is replaced."
KEEPS = "Only the working copy changes; what is in force stays."
RETURNS = "It is out of force here; the proposal asks for it to come back."
DRAFT = "It is a draft in the bundle: it is written down and not proposed."


def plan_import(
    *, scope: Any, bundle: PolicyBundle, with_tests: bool = True, for_update: bool = False
) -> Plan:
    """Return what importing a bundle at a scope would do; the policies are locked if asked."""
    here = look_around(scope, bundle, for_update=for_update)
    carried = [_normal(one, with_tests=with_tests) for one in bundle.policies]
    rows = tuple(_row(one, at=scope, here=here) for one in carried)
    digest = plan_digest(scope=scope, bundle=bundle, rows=rows)
    return Plan(scope=scope, bundle=bundle, rows=rows, digest=digest)


def _normal(carried: Carried, *, with_tests: bool) -> Carried:
    """Return a policy as it would be kept."""
    text = carried.cedar.strip()
    tests = carried.tests if with_tests else ()
    return replace(carried, cedar=f"{text}\n" if text else "", tests=tests)


def _row(carried: Carried, *, at: Any, here: Here) -> Row:
    scope = here.scopes.get(carried.path)
    if scope is None:
        problem = f"There is no scope {carried.path} below {at.name}."
        return Row(carried=carried, step=Step.REFUSED, problems=(problem,))
    policy = here.policies.get((scope.id, carried.name))
    change = _Change.of(carried, policy, here)
    problems = (*change.problems, *_faults(carried, scope, change.tests))
    return Row(
        carried=carried,
        step=Step.REFUSED if problems else change.step,
        scope=scope,
        policy=policy,
        edits=change.edits,
        tests=change.tests,
        is_proposed=change.is_proposed,
        proposal=change.waiting,
        notes=(*change.notes, *_remarks(carried, here)),
        problems=problems,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """How what stands here would become what a bundle carries."""

    step: Step
    edits: tuple[str, ...] = ()
    tests: tuple[CarriedTest, ...] = ()
    is_proposed: bool = False
    waiting: Proposal | None = None
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @classmethod
    def of(cls, carried: Carried, policy: "Policy | None", here: Here) -> "_Change":
        if policy is None:
            notes = () if carried.is_in_force else (DRAFT,)
            proposes = carried.is_in_force
            return cls(step=Step.NEW, tests=carried.tests, is_proposed=proposes, notes=notes)
        in_force, pending = here.in_force.get(policy.id), here.pending.get(policy.id)
        standing = in_force if carried.is_in_force else policy
        differs = standing is None or bool(_differing(standing, carried))
        waiting = pending if differs and _asks_the_same(pending, carried) else None
        said = _differing(policy, carried) if differs and not waiting else ()
        edits = (*said, *(("description",) if policy.description != carried.description else ()))
        is_proposed = carried.is_in_force and differs and not waiting
        tests, problems = _tests(carried, here.tests[policy.id])
        if pending and (is_proposed or said) and not waiting:
            problems = (*problems, f"{pending} waits for a decision on it and says something else.")
        is_work = bool(edits or tests or is_proposed)
        quiet = Step.WAITING if waiting else Step.EQUAL
        return cls(
            step=Step.CHANGED if is_work else quiet,
            edits=edits,
            tests=tests,
            is_proposed=is_proposed,
            waiting=waiting,
            notes=tuple(_notes(carried, policy, in_force, said=said)),
            problems=problems,
        )


def _differing(one: Any, other: Any) -> tuple[str, ...]:
    return tuple(name for name in SAID if getattr(one, name) != getattr(other, name))


def _asks_the_same(pending: Proposal | None, carried: Carried) -> bool:
    """Tell whether a proposal would put in force exactly what is carried, as things stand."""
    if pending is None or pending.kind != ProposalKind.ACTIVATE_POLICY or not carried.is_in_force:
        return False
    if get_kind(pending.kind).find_outdated(pending):
        return False
    asked = {name: getattr(pending.policy, name) for name in SETTINGS}
    asked |= {"cedar": pending.cedar, "rules": pending.rules}
    return asked == {name: getattr(carried, name) for name in SAID}


def _tests(carried: Carried, kept: list[Any]) -> tuple[tuple[CarriedTest, ...], tuple[str, ...]]:
    """Return the tests to add, and what is wrong with those that are here by another meaning."""
    here = {test.name: (test.question, ANSWERS[test.is_allowed]) for test in kept}
    added = tuple(test for test in carried.tests if test.name not in here)
    problems = tuple(
        f"Its test {test.name} asks or expects something else here."
        for test in carried.tests
        if test.name in here and here[test.name] != (test.question, test.expected)
    )
    if added and len(kept) + len(added) > MAX_TESTS:
        problems = (*problems, f"A policy has at most {MAX_TESTS} tests.")
    return added, problems


def _notes(
    carried: Carried, policy: "Policy", in_force: Any, *, said: tuple[str, ...]
) -> Iterator[str]:
    if said and (in_force is None or _differing(policy, in_force)):
        yield REPLACES
    if said and in_force is not None and not carried.is_in_force:
        yield KEEPS
    if carried.is_in_force and policy.state == PolicyState.RETIRED:
        yield RETURNS


def _remarks(carried: Carried, here: Here) -> tuple[str, ...]:
    strangers = strangers_in(carried.cedar, known=here.known)
    return (f"It names what nobody here is called: {', '.join(strangers)}.",) if strangers else ()


def _faults(carried: Carried, scope: Any, added: tuple[CarriedTest, ...]) -> tuple[str, ...]:
    """Return why this could not be kept here, as the operations that keep it would say."""
    try:
        require_importable(carried, scope=scope)
    except (Invalid, Conflict) as error:
        return tuple(_texts(error))
    return tuple(fault for test in added if (fault := _test_fault(test)))


def _test_fault(test: CarriedTest) -> str:
    try:
        require_askable(test.question)
    except Invalid as error:
        return f"Its test {test.name} cannot be asked here: {' '.join(_texts(error))}"
    return ""


def _texts(error: Invalid | Conflict) -> list[str]:
    return [text for texts in error.fields.values() for text in texts] or [error.detail]
