"""Drafting, editing, activating and retiring a policy."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.constraints import conflicts, require_version
from apps.kernel.errors import Invalid
from apps.kernel.operation import operation
from apps.orgs import queries as orgs
from apps.orgs.checks import TEXT_LENGTH, clean_severity, clean_text, require_live

from .. import queries
from ..cedar import require_valid
from ..chain import layer_of, layers_above
from ..models import Policy, PolicyVersion
from ..rules import dump_rules, parse_rules
from ..testing import require_tests_pass
from ..types import MergeStrategy, PolicyMode, PolicyState
from .fit import require_fit
from .revisions import publish
from .rollbacks import supersede_rollback
from .versions import move, take_out_of_force, write_version

NAME_TAKEN = {"policy_name_once_per_scope": ("name", "This scope has a policy of that name.")}
VERSIONED = ("cedar", "rules", "severity", "mode", "merge_strategy")
SETTINGS = ("name", "description", "severity", "mode", "merge_strategy", "cedar", "rules")
NOTHING_SAID = "Write at least one policy statement, or give the policy a rule."


@operation("policy.draft")
def draft_policy(
    *,
    scope_id: UUID,
    name: str,
    cedar: str = "",
    rules: Sequence[dict[str, Any]] = (),
    description: str = "",
    severity: str = "warn",
    mode: str = PolicyMode.OPTIONAL,
    merge_strategy: str = MergeStrategy.MERGE,
) -> Policy:
    """Write a new policy of valid Cedar or rules, not in force; Conflict on its name."""
    scope = orgs.get_scope(scope_id)
    authorize("policy.draft", scope.as_resource())
    require_live(scope)
    author = orgs.get_acting_user()
    moment = clock.now()
    policy = Policy(scope=scope, author=author, created_at=moment, updated_at=moment)
    _apply(
        policy,
        name=name,
        description=description,
        severity=severity,
        mode=mode,
        merge_strategy=merge_strategy,
        cedar=cedar,
        rules=rules,
    )
    require_fit(policy)
    with conflicts(NAME_TAKEN):
        policy.save(force_insert=True)
    emit("policy.drafted", resource=policy.as_resource(), change=Change(after=_facts(policy)))
    return policy


@operation("policy.edit")
def edit_policy(
    *,
    policy_id: UUID,
    name: str | None = None,
    description: str | None = None,
    severity: str | None = None,
    mode: str | None = None,
    merge_strategy: str | None = None,
    cedar: str | None = None,
    rules: Sequence[dict[str, Any]] | None = None,
    expected_version: int | None = None,
) -> Policy:
    """Change the working copy, never what is in force; Stale if changed meanwhile."""
    policy = queries.get_policy(policy_id, for_update=True)
    authorize("policy.edit", policy.as_resource())
    require_version(policy.version, expected_version)
    before = _facts(policy)
    _apply(
        policy,
        name=name,
        description=description,
        severity=severity,
        mode=mode,
        merge_strategy=merge_strategy,
        cedar=cedar,
        rules=rules,
    )
    require_fit(policy)
    policy.version += 1
    policy.updated_at = clock.now()
    with conflicts(NAME_TAKEN):
        policy.save()
    after = _facts(policy)
    changed = [field for field in SETTINGS if before[field] != after[field]]
    emit(
        "policy.edited",
        resource=policy.as_resource(),
        change=Change(
            before={field: before[field] for field in changed},
            after={field: after[field] for field in changed},
        ),
    )
    return policy


@operation("policy.restore")
def restore_version(*, policy_id: UUID, number: int, expected_version: int | None = None) -> Policy:
    """Make an earlier version the working copy, text and settings; what is in force stays.

    Proposed and approved it comes into force again as a new version. Stale if changed meanwhile.
    """
    policy = queries.get_policy(policy_id, for_update=True)
    authorize("policy.restore", policy.as_resource())
    require_version(policy.version, expected_version)
    version = queries.get_version(policy_id=policy.id, number=number)
    before = _facts(policy)
    _apply(policy, **{name: getattr(version, name) for name in VERSIONED})
    require_fit(policy)
    policy.version += 1
    policy.updated_at = clock.now()
    policy.save()
    after = {"restored": number, **{name: getattr(policy, name) for name in VERSIONED}}
    change = Change(before={name: before[name] for name in VERSIONED}, after=after)
    emit("policy.restored", resource=policy.as_resource(), change=change)
    return policy


@operation("policy.activate")
def activate_policy(
    *,
    policy_id: UUID,
    reason: str,
    cedar: str = "",
    rules: Sequence[dict[str, Any]] = (),
    restored: int | None = None,
) -> PolicyVersion:
    """Put Cedar and rules in force as the next immutable version and publish a revision.

    With `restored`: what that earlier version says, with its settings; the working copy stays.
    """
    policy = queries.get_policy(policy_id, for_update=True)
    authorize("policy.activate", policy.as_resource())
    earlier = _earlier(policy, restored)
    valid, valid_rules = (
        _clean_body(earlier.cedar, earlier.rules) if earlier else _clean_body(cedar, rules)
    )
    require_fit(policy, saying=earlier, cedar=valid, rules=valid_rules)
    require_tests_pass(policy, layer=replace(layer_of(policy, earlier), cedar=valid))
    before = {"active_version": policy.active_version}
    move(policy, PolicyState.ACTIVE)
    version = write_version(policy, saying=earlier or policy, cedar=valid, rules=valid_rules)
    supersede_rollback(policy)
    change = Change(
        before=before,
        after={
            "active_version": version.number,
            "digest": version.digest,
            **({"restored": restored} if restored else {}),
        },
        reason=reason,
        payload=_overrides(policy, version),
    )
    emit("policy.activated", resource=policy.as_resource(), change=change)
    publish(reason=f"{policy.name} version {version.number}")
    return version


@operation("policy.retire")
def retire_policy(*, policy_id: UUID, reason: str) -> Policy:
    """Take a policy out of force and publish a revision without it; its versions stay."""
    policy = queries.get_policy(policy_id, for_update=True)
    authorize("policy.retire", policy.as_resource())
    before = {"active_version": policy.active_version}
    take_out_of_force(policy)
    supersede_rollback(policy)
    emit(
        "policy.retired", resource=policy.as_resource(), change=Change(before=before, reason=reason)
    )
    publish(reason=f"{policy.name} retired")
    return policy


def _earlier(policy: Policy, number: int | None) -> PolicyVersion | None:
    return None if number is None else queries.get_version(policy_id=policy.id, number=number)


def _overrides(policy: Policy, version: PolicyVersion) -> dict[str, Any]:
    if version.merge_strategy != MergeStrategy.OVERRIDE:
        return {}
    above = [layer for layer in layers_above(policy.scope) if layer.name == policy.name]
    return {"overrides": [layer.title for layer in above if layer.is_optional]}


def _apply(policy: Policy, **values: Any) -> None:
    cleaners: dict[str, Callable[[Any], Any]] = {
        "name": lambda value: clean_text(value, field="name"),
        "description": lambda value: clean_text(
            value, field="description", limit=TEXT_LENGTH, required=False
        ),
        "severity": clean_severity,
        "mode": lambda value: _clean_choice(value, "mode", PolicyMode),
        "merge_strategy": lambda value: _clean_choice(value, "merge_strategy", MergeStrategy),
        "cedar": _clean_cedar,
        "rules": _clean_rules,
    }
    for field, value in values.items():
        if value is not None:
            setattr(policy, field, cleaners[field](value))
    _require_body(policy.cedar, policy.rules)


def _clean_body(cedar: str, rules: Sequence[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    _require_body(cedar, rules)
    return _clean_cedar(cedar), _clean_rules(rules)


def _clean_cedar(value: str) -> str:
    return require_valid(value) if value.strip() else ""


def _clean_rules(value: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return dump_rules(parse_rules(value))


def _require_body(cedar: str, rules: Sequence[dict[str, Any]]) -> None:
    if not cedar.strip() and not rules:
        raise Invalid(fields={"cedar": [NOTHING_SAID]})


def _clean_choice(value: str, field: str, kind: type[PolicyMode] | type[MergeStrategy]) -> str:
    try:
        return kind(value)
    except ValueError as error:
        raise Invalid(fields={field: [f"Choose one of {', '.join(kind)}."]}) from error


def _facts(policy: Policy) -> dict[str, Any]:
    facts: dict[str, Any] = {field: str(getattr(policy, field)) for field in SETTINGS}
    return {**facts, "rules": policy.rules}
