"""How the analysis of a change is told over REST, and of a working copy on its page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from apps.events import queries as events
from apps.kernel.authorization import authorize
from apps.kernel.entrypoints.rest import Resource

from .. import queries
from ..models import Policy
from ..operations import analyze_policy
from ..standing import find_analysis, keys_of, read_working_copy
from ..telling import Telling, tell


class LineOut(Resource):
    """One finding in words."""

    level: str = Field(description="conflict, unproven, limit or warning")
    matter: str
    text: str
    example: str = Field(description="A request that shows it, confirmed by Cedar; may be empty.")
    reason: str = Field(description="Why nothing is proven; empty otherwise.")
    other_id: UUID | None = Field(description="The other policy, if the caller may view it.")
    other_name: str


class ShiftOut(Resource):
    """What changes for one kind of request."""

    who: str
    action: str
    relation: str = Field(description="more, less, incomparable or unproven")
    text: str
    allowed: str = Field(description="A request that would newly be allowed; may be empty.")
    denied: str = Field(description="A request that would newly be denied; may be empty.")
    reason: str


class TellingOut(Resource):
    """A report in words; kinds of requests that are decided as before are left out."""

    summary: str
    conflicts: list[LineOut]
    unproven: list[LineOut]
    limits: list[LineOut]
    warnings: list[LineOut]
    shifts: list[ShiftOut]


class PolicyAnalysisOut(Resource):
    """What a working copy would change if it came into force now."""

    state: str = Field(description="none, pending or ready")
    analyzed_at: datetime | None
    told: TellingOut | None
    report: dict[str, Any] | None = Field(description="All findings, with witnesses as Cedar JSON.")


def view_analysis(*, policy_id: UUID) -> Mapping[str, Any]:
    """Return what the working copy would change, if that was analysed."""
    policy = queries.get_policy(policy_id)
    authorize("policy.view", policy.as_resource())
    return analysis_of(policy)


def analyze(*, policy_id: UUID) -> Mapping[str, Any]:
    """Have the working copy analysed; answers at once, with the result if there is one."""
    return analysis_of(analyze_policy(policy_id=policy_id))


def analysis_of(policy: Policy) -> dict[str, Any]:
    """Return the state, the report and its words for a policy's working copy."""
    change = read_working_copy(policy)
    analysis = find_analysis(change)
    told: Telling | None = tell(analysis.report, subject=policy) if analysis else None
    state = "ready" if analysis else "pending" if is_requested(policy) else "none"
    return {
        "state": state,
        "analyzed_at": analysis.analyzed_at if analysis else None,
        "told": told,
        "report": analysis.report if analysis else None,
    }


def is_requested(policy: Policy) -> bool:
    """Return whether the working copy as it is now was sent for an analysis."""
    history = events.list_history(resource_id=str(policy.id))
    asked = history.filter(type="policy.analysis_requested").first()
    return asked is not None and asked.payload.get("content") == _content(policy)


def _content(policy: Policy) -> str:
    return keys_of(read_working_copy(policy)).content
