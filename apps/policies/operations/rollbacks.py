"""Undoing a bad policy at once: one administrator, for a time, until somebody else confirms."""

from datetime import timedelta
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.constraints import conflicts, require_version
from apps.kernel.errors import Conflict, Invalid
from apps.kernel.operation import operation
from apps.kernel.tenancy import current_actor
from apps.orgs import queries as orgs
from apps.orgs.checks import TEXT_LENGTH, clean_text

from .. import queries
from ..models import Policy, PolicyVersion, Rollback
from ..types import MAX_ROLLBACK_HOURS, ROLLBACK_HOURS, PolicyState, RollbackState
from .fit import require_fit
from .revisions import publish
from .versions import move, take_out_of_force, write_version

ALREADY_OPEN = {
    "one_open_rollback_per_policy": (
        "policy_id",
        "It was rolled back already; that must be confirmed or ended first.",
    )
}


@operation("policy.rollback")
def roll_back_policy(
    *,
    policy_id: UUID,
    number: int,
    reason: str,
    hours: int = ROLLBACK_HOURS,
    expected_version: int | None = None,
) -> Rollback:
    """Put an earlier version in force at once, for `hours`, unless somebody else confirms it.

    What was in force before comes back when the time ends. Conflict while another one is open.
    """
    policy = queries.get_policy(policy_id, for_update=True)
    authorize("policy.rollback", policy.as_resource())
    require_version(policy.version, expected_version)
    if not 1 <= hours <= MAX_ROLLBACK_HOURS:
        raise Invalid(fields={"hours": [f"Choose 1 to {MAX_ROLLBACK_HOURS} hours."]})
    why = clean_text(reason, field="reason", limit=TEXT_LENGTH)
    if number == policy.active_version:
        raise Conflict(f"Version {number} is in force.")
    version = queries.get_version(policy_id=policy.id, number=number)
    require_fit(policy, saying=version)
    moment, replaced = clock.now(), policy.active_version
    rollback = Rollback(
        policy=policy,
        author=orgs.get_acting_user(),
        reason=why,
        restored=number,
        replaced=replaced,
        started_at=moment,
        ends_at=moment + timedelta(hours=hours),
    )
    rollback.number = _put_back(policy, version).number
    with conflicts(ALREADY_OPEN):
        rollback.save(force_insert=True)
    after = {"active_version": rollback.number, "restored": number, "ends_at": rollback.ends_at}
    change = Change(before={"active_version": replaced}, after=after, reason=why)
    emit("policy.rolled_back", resource=policy.as_resource(), change=change)
    publish(reason=f"{policy.name} rolled back to version {number}: {why}")
    return rollback


@operation("policy.confirm_rollback")
def confirm_rollback(*, rollback_id: UUID) -> Rollback:
    """Let somebody else's rollback stand for good."""
    rollback = _open(rollback_id, action="policy.confirm_rollback")
    _close(rollback, RollbackState.CONFIRMED)
    change = Change(before={"state": "open"}, after={"state": "confirmed"})
    emit("policy.rollback_confirmed", resource=rollback.policy.as_resource(), change=change)
    return rollback


@operation("policy.end_rollback")
def end_rollback(*, rollback_id: UUID, reason: str = "") -> Rollback:
    """Bring back what a rollback replaced; an administrator's, or the timekeeper's in due time."""
    rollback = _open(rollback_id, action="policy.end_rollback")
    why = clean_text(reason, field="reason", limit=TEXT_LENGTH, required=False)
    policy = rollback.policy
    before = {"active_version": policy.active_version}
    if rollback.replaced is None:
        take_out_of_force(policy)
    else:
        _put_back(policy, queries.get_version(policy_id=policy.id, number=rollback.replaced))
    _close(rollback, RollbackState.ENDED)
    change = Change(before=before, after={"active_version": policy.active_version}, reason=why)
    emit("policy.rollback_ended", resource=policy.as_resource(), change=change)
    publish(reason=f"{policy.name}: the rollback to version {rollback.restored} ended")
    return rollback


def supersede_rollback(policy: Policy) -> None:
    """Close the open rollback of a policy that was decided about the ordinary way."""
    Rollback.objects.filter(policy=policy, state=RollbackState.OPEN).update(
        state=RollbackState.SUPERSEDED, closed_at=clock.now()
    )


def _open(rollback_id: UUID, *, action: str) -> Rollback:
    policy_id = queries.get_rollback(rollback_id).policy_id
    # The policy's row is locked first everywhere, so that nobody waits in a circle.
    policy = queries.get_policy(policy_id, for_update=True)
    rollback = queries.get_rollback(rollback_id)
    rollback.policy = policy
    authorize(action, rollback.as_resource())
    if rollback.state != RollbackState.OPEN:
        raise Conflict(f"This rollback is already {rollback.state}.")
    return rollback


def _put_back(policy: Policy, version: PolicyVersion) -> PolicyVersion:
    move(policy, PolicyState.ACTIVE)
    return write_version(policy, saying=version, cedar=version.cedar, rules=version.rules)


def _close(rollback: Rollback, state: RollbackState) -> None:
    rollback.state, rollback.closed_at = state, clock.now()
    if current_actor().principal.kind != "Service":
        rollback.closed_by = orgs.get_acting_user()
    rollback.save(update_fields=["state", "closed_at", "closed_by"])
