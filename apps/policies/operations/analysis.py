"""Asking for the analysis of a working copy, and keeping what was proven."""

from typing import Any
from uuid import UUID

from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel import clock
from apps.kernel.authorization import authorize
from apps.kernel.operation import operation

from .. import queries
from ..models import Analysis, Impact, Policy
from ..standing import keys_of, read_working_copy


@operation("policy.analyze")
def analyze_policy(*, policy_id: UUID) -> Policy:
    """Have the working copy analysed beside everything in force; the answer comes within minutes.

    The same text beside the same policies is analysed once.
    """
    policy = queries.get_policy(policy_id)
    authorize("policy.analyze", policy.as_resource())
    content = keys_of(read_working_copy(policy)).content
    change = Change(payload={"content": content})
    emit("policy.analysis_requested", resource=policy.as_resource(), change=change)
    return policy


@operation("analysis.record")
def record_analysis(
    *, policy_id: UUID, content: str, proposed: str, base: str, report: dict[str, Any]
) -> Analysis:
    """Keep the report on one change; returns the one that is kept already, if one is."""
    policy = queries.get_policy(policy_id)
    authorize("analysis.record", policy.as_resource())
    analysis: Analysis
    analysis, _ = Analysis.objects.get_or_create(
        policy=policy,
        proposed=proposed,
        base=base,
        defaults={"content": content, "report": report, "analyzed_at": clock.now()},
    )
    after = {"relation": report.get("relation"), "proposed": proposed, "base": base}
    emit("analysis.recorded", resource=policy.as_resource(), change=Change(after=after))
    return analysis


@operation("impact.record")
def record_impact(
    *,
    policy_id: UUID,
    content: str,
    proposed: str,
    base: str,
    facts: str,
    report: dict[str, Any],
    tests: list[dict[str, Any]],
) -> Impact:
    """Keep who gains and loses by one change today, in place of what was kept of it before."""
    policy = queries.get_policy(policy_id)
    authorize("impact.record", policy.as_resource())
    impact: Impact
    impact, _ = Impact.objects.update_or_create(
        policy=policy,
        proposed=proposed,
        base=base,
        defaults={
            "content": content,
            "facts": facts,
            "report": report,
            "tests": tests,
            "worked_out_at": clock.now(),
        },
    )
    after = {"counts": report.get("counts"), "proposed": proposed, "base": base, "facts": facts}
    emit("impact.recorded", resource=policy.as_resource(), change=Change(after=after))
    return impact
