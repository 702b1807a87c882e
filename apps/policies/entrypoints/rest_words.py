"""The place of explanations in the REST interface."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.rest import Route
from apps.orgs.queries import get_root

from .. import explanations, queries
from .serializers import BodyIn, ExplanationOut


def explain_policy(*, policy_id: UUID) -> explanations.Explanation:
    """Tell the working copy of a policy in plain language."""
    policy = queries.get_policy(policy_id)
    authorize("policy.explain", policy.as_resource())
    return explanations.explain_policy(policy)


def explain_text(
    *, cedar: str = "", rules: Sequence[dict[str, Any]] = ()
) -> explanations.Explanation:
    """Tell Cedar text and rules in plain language; saves nothing."""
    authorize("policy.explain", get_root().as_resource())
    return explanations.explain_body(cedar, rules)


ROUTES = (
    Route(
        method="GET", path="policies/<uuid:policy_id>/explanation", name="policy.explanation",
        call=explain_policy, answers=ExplanationOut,
    ),
    Route(
        method="POST", path="policies/explain", name="policy.explain", call=explain_text,
        takes=BodyIn, answers=ExplanationOut,
    ),
)  # fmt: skip
