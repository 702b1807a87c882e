"""The place of imported policies in the REST interface."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from apps.kernel.entrypoints.rest import Base64, Body, Resource, Route, unset

from ..imports import Plan, Row, Step
from ..operations import import_policies, preview_import
from .serializers import Words

PlanDigest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


class PreviewIn(Body):
    """A bundle of policies as it was exported; see docs/bundles.md."""

    bundle: Base64
    with_tests: bool = unset(description="False leaves the policies' tests out.")


class ImportIn(PreviewIn):
    """A bundle of policies, and why they should be in force here."""

    justification: Words
    expected_plan: PlanDigest = unset(
        description="The digest of the plan that was seen; another one is refused as stale."
    )


class ImportRowOut(Resource):
    """What becomes of one policy of the bundle."""

    path: str = Field(description="From the scope of the import to the policy's; may be empty.")
    name: str
    step: Step
    policy_id: UUID | None = Field(description="Null where there is none yet.")
    edits: list[str] = Field(description="The fields of its working copy that change.")
    tests: list[str] = Field(description="The tests that it gets.")
    is_proposed: bool = Field(description="Whether it is proposed.")
    proposal_id: UUID | None = Field(description="What was proposed, or waits already.")
    notes: list[str]
    problems: list[str] = Field(description="Why it is refused; empty if it is not.")


class ImportOut(Resource):
    """What becomes of every policy of a bundle."""

    digest: str = Field(description="The bundle's.")
    plan: str = Field(description="The digest of what is done here.")
    counts: dict[Step, int]
    policies: list[ImportRowOut]


def preview(*, scope_id: UUID, bundle: bytes, with_tests: bool = True) -> Mapping[str, Any]:
    """Return what importing a bundle would do, policy by policy; saves nothing."""
    return _told(preview_import(scope_id=scope_id, bundle=bundle, with_tests=with_tests))


def run_import(*, scope_id: UUID, **given: Any) -> Mapping[str, Any]:
    """Write the policies of a bundle down and propose them, all or none."""
    return _told(import_policies(scope_id=scope_id, **given))


def _told(plan: Plan) -> Mapping[str, Any]:
    return {
        "digest": plan.bundle.digest,
        "plan": plan.digest,
        "counts": plan.counts,
        "policies": [_row(row) for row in plan.rows],
    }


def _row(row: Row) -> Mapping[str, Any]:
    return {
        "path": row.carried.path,
        "name": row.carried.name,
        "step": row.step,
        "policy_id": row.policy.id if row.policy else None,
        "edits": row.edits,
        "tests": [test.name for test in row.tests],
        "is_proposed": row.is_proposed,
        "proposal_id": row.proposal.id if row.proposal else None,
        "notes": row.notes,
        "problems": row.problems,
    }


SCOPE = "scopes/<uuid:scope_id>/import-policies"

ROUTES = (
    Route(
        method="POST", path=SCOPE, name="policy.import", call=run_import, takes=ImportIn,
        answers=ImportOut,
    ),
    Route(
        method="POST", path=f"{SCOPE}/preview", name="policy.preview_import", call=preview,
        takes=PreviewIn, answers=ImportOut,
    ),
)  # fmt: skip
