"""A question put to the policies, the same for every door."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from apps.kernel.authorization import authorize

from .. import queries
from ..chain import layer_of
from ..playground import Comparison, Question, ask, find_principal
from .scopes import require_somewhere


def evaluate(
    *,
    principal: str,
    action: str,
    resource: tuple[str, str],
    place: str = "",
    policy_id: UUID | None = None,
    attributes: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
) -> Comparison:
    """Answer what agents would answer now, and with a policy's working copy in force."""
    require_somewhere("policy.simulate")
    draft = queries.get_policy(policy_id) if policy_id else None
    if draft is not None:
        authorize("policy.simulate", draft.as_resource())
    question = Question(
        principal=find_principal(principal),
        action=action,
        resource=resource,
        place=place,
        attributes=attributes or {},
        context=context or {},
    )
    return ask(question, draft=layer_of(draft) if draft else None)
