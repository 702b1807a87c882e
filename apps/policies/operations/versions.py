"""Putting a version in force, and taking a policy out of force, as part of an operation."""

from collections.abc import Sequence
from typing import Any

from apps.kernel import clock
from apps.kernel.errors import Conflict

from .. import queries
from ..digest import policy_digest
from ..models import Policy, PolicyVersion
from ..types import POLICY_TRANSITIONS, PolicyState


def move(policy: Policy, target: PolicyState) -> None:
    """Set the state of a policy; raise Conflict where it cannot become that."""
    if target not in POLICY_TRANSITIONS[PolicyState(policy.state)]:
        raise Conflict(f"A policy that is {policy.state} cannot become {target}.")
    policy.state = target


def write_version(
    policy: Policy,
    *,
    saying: Policy | PolicyVersion,
    cedar: str,
    rules: Sequence[dict[str, Any]],
) -> PolicyVersion:
    """Write the next version with the settings of `saying`, and make it the one in force."""
    latest = queries.list_versions(policy.id).first()
    version: PolicyVersion = PolicyVersion.objects.create(
        policy=policy,
        number=(latest.number if latest else 0) + 1,
        cedar=cedar,
        rules=list(rules),
        digest=policy_digest(cedar=cedar, rules=rules),
        severity=saying.severity,
        mode=saying.mode,
        merge_strategy=saying.merge_strategy,
        activated_at=clock.now(),
    )
    policy.active_version = version.number
    policy.version += 1
    policy.save(update_fields=["state", "active_version", "version"])
    return version


def take_out_of_force(policy: Policy) -> None:
    """Retire a policy; its versions stay."""
    move(policy, PolicyState.RETIRED)
    policy.active_version = None
    policy.version += 1
    policy.save(update_fields=["state", "active_version", "version"])
