"""Importing policies: each is written down as a draft and proposed, never put in force."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel.authorization import authorize
from apps.kernel.errors import Conflict, Invalid, Stale
from apps.kernel.operation import operation
from apps.orgs import queries as orgs
from apps.orgs.checks import clean_text, require_live
from apps.policies.bundles import SAID, read_bundle
from apps.policies.operations import add_test, draft_policy, edit_policy

from ..imports import Plan, Row, plan_import
from ..types import REASON_LENGTH
from .proposing import propose_policy

NOT_AS_SEEN = "What the import would do has changed since it was shown. Look at it again."
NOTHING = "Nothing was imported."


@operation("policy.import")
def import_policies(
    *,
    scope_id: UUID,
    bundle: bytes,
    justification: str,
    with_tests: bool = True,
    expected_plan: str = "",
) -> Plan:
    """Write each policy of a bundle down and propose it, all or none; what is equal stays.

    Conflict naming every policy that cannot be imported; Stale unless the plan has the digest
    `expected_plan`, if that is given.
    """
    scope = orgs.get_scope(scope_id)
    authorize("policy.import", scope.as_resource())
    require_live(scope)
    why = clean_text(justification, field="justification", limit=REASON_LENGTH)
    read = read_bundle(bundle)
    plan = plan_import(scope=scope, bundle=read, with_tests=with_tests, for_update=True)
    if expected_plan not in ("", plan.digest):
        raise Stale(NOT_AS_SEEN)
    if plan.refusals:
        raise Conflict(NOTHING, fields={"bundle": plan.refusals})
    done = replace(plan, rows=tuple(_import(row, why) for row in plan.rows))
    told = {"digest": read.digest, **plan.counts, "proposals": _made(done)}
    emit("policy.imported", resource=scope.as_resource(), change=Change(payload=told, reason=why))
    return done


def preview_import(*, scope_id: UUID, bundle: bytes, with_tests: bool = True) -> Plan:
    """Return what importing a bundle would do, policy by policy; writes nothing."""
    scope = orgs.get_scope(scope_id)
    authorize("policy.import", scope.as_resource())
    require_live(scope)
    return plan_import(scope=scope, bundle=read_bundle(bundle), with_tests=with_tests)


def _made(plan: Plan) -> list[int]:
    return [row.proposal.number for row in plan.rows if row.is_proposed and row.proposal]


def _import(row: Row, justification: str) -> Row:
    try:
        policy = _written(row)
        for test in row.tests:
            question = dict(test.question)
            add_test(policy_id=policy.id, name=test.name, question=question, expected=test.expected)
        if not row.is_proposed:
            return replace(row, policy=policy)
        proposal = propose_policy(policy_id=policy.id, justification=justification)
        return replace(row, policy=policy, proposal=proposal)
    except (Conflict, Invalid) as error:
        texts = [text for texts in error.fields.values() for text in texts] or [error.detail]
        said = [f"{row.carried.title}: {text}" for text in texts]
        raise Conflict(NOTHING, fields={"bundle": said}) from error


def _written(row: Row) -> Any:
    """Return the policy with what the row changes of its working copy; a new one if need be."""
    said = {name: getattr(row.carried, name) for name in (*SAID, "description")}
    if row.policy is None:
        return draft_policy(scope_id=row.scope.id, name=row.carried.name, **said)
    if not row.edits:
        return row.policy
    changes = {name: said[name] for name in row.edits}
    return edit_policy(policy_id=row.policy.id, expected_version=row.policy.version, **changes)
