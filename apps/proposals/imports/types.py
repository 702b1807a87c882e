"""The plan of an import: what becomes of each policy of a bundle."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from apps.policies.bundles import Carried, CarriedTest, PolicyBundle
from apps.policies.digest import canonical, sha256

from ..models import Proposal

if TYPE_CHECKING:
    from apps.policies.models import Policy


class Step(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    EQUAL = "equal"
    WAITING = "waiting"
    REFUSED = "refused"


STEP_WORDS: Mapping[Step, str] = {
    Step.NEW: "New",
    Step.CHANGED: "Changed",
    Step.EQUAL: "Equal",
    Step.WAITING: "Proposed already",
    Step.REFUSED: "Refused",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What becomes of one policy of a bundle; `problems` say why it is refused, if it is.

    `edits` are the fields of the working copy that change, `tests` the tests that are added,
    `proposal` is the one that waits for the same already, or the one that was made.
    """

    carried: Carried
    step: Step
    scope: Any = None
    policy: "Policy | None" = None
    edits: tuple[str, ...] = ()
    tests: tuple[CarriedTest, ...] = ()
    is_proposed: bool = False
    proposal: Proposal | None = None
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Return in words what becomes of the policy."""
        return STEP_WORDS[self.step]

    def as_json(self) -> dict[str, Any]:
        """Return what the row would do as JSON values, with the version that it starts from."""
        policy = self.policy
        return {
            "title": self.carried.title,
            "step": self.step,
            "policy": [str(policy.id), policy.version] if policy else None,
            "edits": self.edits,
            "tests": [test.name for test in self.tests],
            "is_proposed": self.is_proposed,
            "proposal": self.proposal.number if self.proposal else None,
            "problems": self.problems,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What becomes of every policy of a bundle at a scope.

    `digest` is that of all it would do: another plan has another.
    """

    scope: Any
    bundle: PolicyBundle
    rows: tuple[Row, ...]
    digest: str

    @property
    def refusals(self) -> list[str]:
        """Return why the bundle cannot be imported, policy by policy; empty if it can."""
        return [f"{row.carried.title}: {text}" for row in self.rows for text in row.problems]

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many policies there are of each step."""
        steps = [row.step for row in self.rows]
        return {step.value: steps.count(step) for step in Step}


def plan_digest(*, scope: Any, bundle: PolicyBundle, rows: tuple[Row, ...]) -> str:
    """Return the digest of what a plan would do."""
    told = [row.as_json() for row in rows]
    return sha256(canonical({"scope": str(scope.id), "bundle": bundle.digest, "rows": told}))
