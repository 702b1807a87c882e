"""The place of rollbacks in the REST interface."""

from uuid import UUID

from django.db.models import QuerySet

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.rest import ListQuery, Route

from .. import queries
from ..models import Rollback
from ..operations import confirm_rollback, end_rollback, roll_back_policy
from .serializers import RollbackEndIn, RollbackIn, RollbackOut


def list_rollbacks(*, policy_id: UUID) -> QuerySet[Rollback]:
    """List the rollbacks of a policy, newest first."""
    authorize("policy.view", queries.get_policy(policy_id).as_resource())
    return queries.list_rollbacks(policy_id)


ROUTES = (
    Route(
        method="GET", path="policies/<uuid:policy_id>/rollbacks", name="policy.rollbacks",
        call=list_rollbacks, query=ListQuery, answers=RollbackOut, order=("-id",),
    ),
    Route(
        method="POST", path="policies/<uuid:policy_id>/versions/<int:number>/rollback",
        name="policy.rollback", call=roll_back_policy, takes=RollbackIn, answers=RollbackOut,
        is_versioned=True,
    ),
    Route(
        method="POST", path="rollbacks/<uuid:rollback_id>/confirm",
        name="policy.confirm_rollback", call=confirm_rollback, answers=RollbackOut,
    ),
    Route(
        method="POST", path="rollbacks/<uuid:rollback_id>/end", name="policy.end_rollback",
        call=end_rollback, takes=RollbackEndIn, answers=RollbackOut,
    ),
)  # fmt: skip
