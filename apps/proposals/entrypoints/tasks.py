"""What the workers do for proposals, asked for or from time to time."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from ..conflicts.waiting import analyze_waiting, find_tenants_waiting
from ..replay.running import find_waiting, run_replay
from ..replay.shadowing import find_running, run_shadow
from ..timekeeper import tick


@shared_task(name="proposals.analyze_waiting", soft_time_limit=600, time_limit=660)  # type: ignore[untyped-decorator]
def analyze_waiting_of(*, tenant_id: str, **_later: Any) -> None:
    """Analyse what waits in one company; twice does no harm."""
    analyze_waiting(tenant_id=UUID(tenant_id), too_long=(SoftTimeLimitExceeded,))


@shared_task(name="proposals.analyze_all_waiting")  # type: ignore[untyped-decorator]
def analyze_all_waiting(**_later: Any) -> None:
    """Find what waits for an analysis in any company, in case a worker died or a hint was lost."""
    for tenant_id in find_tenants_waiting():
        analyze_waiting_of.delay(tenant_id=str(tenant_id))


@shared_task(name="proposals.replay", soft_time_limit=1800, time_limit=1860)  # type: ignore[untyped-decorator]
def replay_decisions(*, tenant_id: str, replay_id: str, **_later: Any) -> None:
    """Decide recorded decisions again against a proposal; twice does no harm."""
    run_replay(
        tenant_id=UUID(tenant_id), replay_id=UUID(replay_id), too_long=(SoftTimeLimitExceeded,)
    )


@shared_task(name="proposals.resume_replays")  # type: ignore[untyped-decorator]
def resume_replays(**_later: Any) -> None:
    """Find replays that no worker is at, in case one died or a hint was lost."""
    for tenant_id, replay_id in find_waiting():
        replay_decisions.delay(tenant_id=str(tenant_id), replay_id=str(replay_id))


@shared_task(name="proposals.shadow", soft_time_limit=600, time_limit=660)  # type: ignore[untyped-decorator]
def judge_arrivals(*, tenant_id: str, shadow_id: str, **_later: Any) -> None:
    """Judge what arrived for a proposal in shadow; twice does no harm."""
    # What was judged is kept page by page: the next run goes on from there.
    with suppress(SoftTimeLimitExceeded):
        run_shadow(tenant_id=UUID(tenant_id), shadow_id=UUID(shadow_id))


@shared_task(name="proposals.advance_shadows")  # type: ignore[untyped-decorator]
def advance_shadows(**_later: Any) -> None:
    """Hand each shadow that runs in any company to a worker."""
    for tenant_id, shadow_id in find_running():
        judge_arrivals.delay(tenant_id=str(tenant_id), shadow_id=str(shadow_id))


@shared_task(name="proposals.tick")  # type: ignore[untyped-decorator]
def advance_waiting_proposals(**_later: Any) -> None:
    """Remind, escalate and expire what is due; a second run at the same time does nothing more."""
    tick()
