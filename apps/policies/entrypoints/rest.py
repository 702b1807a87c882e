"""The place of policies and revisions in the REST interface."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.rest import ListQuery, Route
from apps.orgs.queries import get_root, get_scope

from .. import queries
from ..cedar import find_problems
from ..chain import effective_at
from ..inheritance import EffectivePolicy
from ..models import Head, Policy, PolicyVersion, Revision
from ..operations import (
    check_project,
    draft_policy,
    edit_policy,
    restore_version,
    simulate_policy,
)
from ..rules import dump_rules
from ..rules.sentence import sentence_of
from ..types import Bundle
from .analysis import PolicyAnalysisOut, analyze, view_analysis
from .rest_break_glass import ROUTES as BREAK_GLASSES
from .rest_bundles import ROUTES as BUNDLES
from .rest_impact import ROUTES as IMPACT
from .rest_intents import ROUTES as INTENTS
from .rest_playground import ROUTES as PLAYGROUND
from .rest_rollbacks import ROUTES as ROLLBACKS
from .rest_words import ROUTES as WORDS
from .serializers import (
    BundleOut,
    CedarIn,
    CheckIn,
    EffectiveListOut,
    HeadOut,
    PolicyFilter,
    PolicyIn,
    PolicyOut,
    PolicyPatch,
    PolicyVersionOut,
    ReportOut,
    RevisionOut,
    SimulateIn,
    ValidationOut,
)


def list_policies(
    *, q: str = "", state: str = "", severity: str = "", scope_id: UUID | None = None
) -> QuerySet[Policy]:
    """List the policies that the caller may view, by name."""
    place = str(get_scope(scope_id).id) if scope_id else ""
    rows = queries.list_policies(text=q.strip(), state=state, scope_id=place)
    return rows.filter(severity=severity) if severity else rows


def view_policy(*, policy_id: UUID) -> Policy:
    """Return one policy with its working copy."""
    policy = queries.get_policy(policy_id)
    authorize("policy.view", policy.as_resource())
    return policy


def validate(*, cedar: str) -> Mapping[str, Any]:
    """Check Cedar text against the company's schema; saves nothing."""
    authorize("policy.validate", get_root().as_resource())
    problems = find_problems(cedar)
    return {"is_valid": not problems, "problems": problems}


def list_versions(*, policy_id: UUID) -> QuerySet[PolicyVersion]:
    """List the versions of a policy that were ever in force, newest first."""
    return queries.list_versions(view_policy(policy_id=policy_id).id)


def view_version(*, policy_id: UUID, number: int) -> PolicyVersion:
    """Return what one version of a policy says."""
    policy = view_policy(policy_id=policy_id)
    return queries.get_version(policy_id=policy.id, number=number)


def view_effective(*, scope_id: UUID) -> Mapping[str, Any]:
    """Return the policies that hold at a scope: where each comes from and what overrides it."""
    scope = get_scope(scope_id)
    authorize("policy.view", scope.as_resource())
    return {"scope": scope, "policies": [_effective(one) for one in effective_at(scope)]}


def _effective(one: EffectivePolicy) -> Mapping[str, Any]:
    standings = [
        {
            **{name: getattr(standing.layer, name) for name in SETTINGS},
            "policy": standing.layer,
            "has_cedar": bool(standing.layer.cedar),
            "overridden_by": standing.overridden_by,
            "notes": standing.notes,
        }
        for standing in one.standings
    ]
    rules = [
        {
            "rule": dump_rules([held.rule])[0],
            "says": sentence_of(held.rule),
            "severity": held.rule.severity,
            "origin": held.layer,
            "replaces": held.replaces,
            "is_off_here": held.is_off_here,
        }
        for held in one.rules
    ]
    return {"name": one.name, "standings": standings, "rules": rules}


def list_revisions() -> QuerySet[Revision]:
    """List the revisions, newest first."""
    authorize("fleet.view", get_root().as_resource())
    return queries.list_revisions()


def view_head() -> Head:
    """Return the number and digest of the newest revision."""
    authorize("fleet.view", get_root().as_resource())
    return queries.get_head()


def view_revision(*, number: int) -> Bundle:
    """Return one revision with its policies, schema and entities."""
    authorize("fleet.view", get_root().as_resource())
    return queries.load_bundle(number)


SETTINGS = ("severity", "mode", "merge_strategy")
SCOPE = "scopes/<uuid:scope_id>"
POLICY = "policies/<uuid:policy_id>"

ROUTES = (
    Route(
        method="GET", path="policies", name="policy.list", call=list_policies,
        query=PolicyFilter, answers=PolicyOut, order=("name", "id"),
    ),
    Route(
        method="POST", path="policies", name="policy.draft", call=draft_policy,
        takes=PolicyIn, answers=PolicyOut, status=201, located="policies/{id}",
    ),
    Route(
        method="POST", path="policies/validate", name="policy.validate", call=validate,
        takes=CedarIn, answers=ValidationOut,
    ),
    Route(
        method="GET", path=POLICY, name="policy.view", call=view_policy,
        answers=PolicyOut, is_versioned=True,
    ),
    Route(
        method="PATCH", path=POLICY, name="policy.edit", call=edit_policy,
        takes=PolicyPatch, answers=PolicyOut, is_versioned=True,
    ),
    Route(
        method="GET", path=f"{POLICY}/analysis", name="policy.analysis", call=view_analysis,
        answers=PolicyAnalysisOut,
    ),
    Route(
        method="POST", path=f"{POLICY}/analyze", name="policy.analyze", call=analyze,
        answers=PolicyAnalysisOut,
    ),
    Route(
        method="GET", path=f"{POLICY}/versions", name="policy.versions", call=list_versions,
        query=ListQuery, answers=PolicyVersionOut, order=("-number",),
    ),
    Route(
        method="GET", path=f"{POLICY}/versions/<int:number>", name="policy.version",
        call=view_version, answers=PolicyVersionOut,
    ),
    Route(
        method="POST", path=f"{POLICY}/versions/<int:number>/restore", name="policy.restore",
        call=restore_version, answers=PolicyOut, is_versioned=True,
    ),
    Route(
        method="POST", path=f"{POLICY}/simulate", name="policy.simulate", call=simulate_policy,
        takes=SimulateIn, answers=ReportOut,
    ),
    Route(
        method="POST", path=f"{SCOPE}/check", name="policy.check", call=check_project,
        takes=CheckIn, answers=ReportOut,
    ),
    Route(
        method="GET", path=f"{SCOPE}/effective-policy", name="policy.effective",
        call=view_effective, answers=EffectiveListOut,
    ),
    Route(
        method="GET", path="revisions", name="revision.list", call=list_revisions,
        query=ListQuery, answers=RevisionOut, order=("-number",),
    ),
    Route(
        method="GET", path="revisions/head", name="revision.head", call=view_head, answers=HeadOut,
    ),
    Route(
        method="GET", path="revisions/<int:number>", name="revision.view", call=view_revision,
        answers=BundleOut,
    ),
    *BUNDLES,
    *IMPACT,
    *PLAYGROUND,
    *ROLLBACKS,
    *BREAK_GLASSES,
    *INTENTS,
    *WORDS,
)  # fmt: skip
