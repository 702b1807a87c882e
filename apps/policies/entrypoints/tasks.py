"""What the workers do for policies, asked for or from time to time."""

from typing import Any
from uuid import UUID

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from .. import queries
from ..analyzing import analyze
from ..impacts import work_out, working_copy_of
from ..rewording.configured import configured_model
from ..rewordings import ask_model
from ..standing import read_working_copy
from ..timekeeper import end_due_break_glasses, end_due_rollbacks


@shared_task(name="policies.analyze", soft_time_limit=300, time_limit=360)  # type: ignore[untyped-decorator]
def analyze_working_copy(*, tenant_id: str, policy_id: str, **_later: Any) -> None:
    """Analyse a policy's working copy beside everything in force, and work out its impact.

    Twice does no harm. The impact comes first, because it takes less time.
    """

    def read() -> Any:
        return read_working_copy(queries.get_policy(UUID(policy_id)))

    def look() -> Any:
        return working_copy_of(queries.get_policy(UUID(policy_id)))

    too_long = (SoftTimeLimitExceeded,)
    work_out(tenant_id=UUID(tenant_id), read=look, too_long=too_long)
    analyze(tenant_id=UUID(tenant_id), read=read, too_long=too_long)


@shared_task(name="policies.reword", soft_time_limit=180, time_limit=200)  # type: ignore[untyped-decorator]
def reword_intent(*, tenant_id: str, rewording_id: str, **_later: Any) -> None:
    """Ask the model about an intent and keep its answer; asked again where it was lost."""
    ask_model(tenant_id=UUID(tenant_id), rewording_id=UUID(rewording_id), client=configured_model())


@shared_task(name="policies.end_due_rollbacks")  # type: ignore[untyped-decorator]
def end_rollbacks(**_later: Any) -> None:
    """Bring back what unconfirmed rollbacks replaced; a second run at once does nothing more."""
    end_due_rollbacks()


@shared_task(name="policies.end_due_break_glasses")  # type: ignore[untyped-decorator]
def end_break_glasses(**_later: Any) -> None:
    """Publish without what a break-glass permitted, once its time is over; twice does no harm."""
    end_due_break_glasses()
