"""The place of who gains and who loses in the REST interface."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.rest import Route

from .. import queries
from .analysis import is_requested
from .impact import PAGE, ImpactIn, ImpactOut, ImpactQuery, preview_impact, working_copy_impact


def view_impact(*, policy_id: UUID, count: int = PAGE, offset: int = 0) -> Mapping[str, Any]:
    """Return who would gain and lose by the working copy, if an analysis was asked for."""
    policy = queries.get_policy(policy_id)
    authorize("policy.view", policy.as_resource())
    view = working_copy_impact(policy, is_asked=is_requested(policy))
    return view.as_answer(offset=offset, count=count)


ROUTES = (
    Route(
        method="POST", path="policies/impact", name="policy.preview_impact", call=preview_impact,
        takes=ImpactIn, query=ImpactQuery, answers=ImpactOut,
    ),
    Route(
        method="GET", path="policies/<uuid:policy_id>/impact", name="policy.impact",
        call=view_impact, query=ImpactQuery, answers=ImpactOut,
    ),
)  # fmt: skip
