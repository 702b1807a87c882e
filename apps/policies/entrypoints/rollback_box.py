"""What the page of a policy tells about its open rollback."""

from typing import Any

from apps.kernel.authorization import decide

from .. import queries
from ..models import Policy
from ..types import RollbackState


def rollback_box(policy: Policy) -> dict[str, Any]:
    """Return the open rollback of a policy, if any, and what its reader may do about it."""
    rollback = queries.list_rollbacks(policy.id).filter(state=RollbackState.OPEN).first()
    if rollback is None:
        return {}
    rollback.policy = policy
    resource = rollback.as_resource()
    return {
        "rollback": rollback,
        "can_confirm_rollback": decide("policy.confirm_rollback", resource).allowed,
        "can_end_rollback": decide("policy.end_rollback", resource).allowed,
    }
