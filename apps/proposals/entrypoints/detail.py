"""What the page of one proposal shows: the change, what blocks it, its story, how far it got."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from apps.events import queries as events
from apps.fleet import queries as fleet
from apps.kernel.authorization import decide
from apps.kernel.entrypoints.changes import changed
from apps.orgs.queries import get_root
from apps.policies import queries as policies
from apps.policies.entrypoints.impact import ImpactView
from apps.policies.types import MERGES, MODES, SEVERITIES

from .. import queries
from ..conflicts.standing import Standing
from ..kinds import get_kind
from ..models import Proposal
from ..types import ProposalKind, ProposalState
from .analysis import analysis_checks, analysis_context
from .forms import AcceptForm, ApproveForm, CommentForm, RejectForm, ReviseForm
from .impact import proposal_impact
from .replay import replay_context
from .shadow import shadow_context

# Of each entry of the story: what it says, its icon and its tone.
STORY: Mapping[str, tuple[str, str, str]] = {
    "proposed": ("proposed this", "git-pull-request", "info"),
    "approved": ("approved", "circle-check", "success"),
    "rejected": ("rejected it", "circle-x", "error"),
    "commented": ("commented", "message-square", "neutral"),
    "withdrawn": ("took it back", "undo-2", "neutral"),
    "reminded": ("reminded those who are asked", "clock", "info"),
    "nudged": ("reminded those who are asked", "bell", "info"),
    "escalated": ("asked the next level", "arrow-up-right", "warning"),
    "expired": ("let it expire: nobody decided in time", "hourglass", "warning"),
    "revised": ("revised it: earlier approvals no longer count", "pencil", "warning"),
}
# What time and the author do is told by the log.
BY_EVENT: Mapping[str, str] = {
    "proposal.revised": "revised",
    "proposal.reminded": "reminded",
    "proposal.nudged": "nudged",
    "proposal.escalated": "escalated",
    "proposal.expired": "expired",
}
SETTINGS: Mapping[str, tuple[str, Mapping[Any, str]]] = {
    "severity": ("Severity", SEVERITIES),
    "mode": ("Mode", MODES),
    "merge_strategy": ("Inherited", MERGES),
}
# Of each state: its title, icon and tone.
HEADINGS: Mapping[str, tuple[str, str, str]] = {
    ProposalState.PENDING: ("Waiting for a decision", "clock", "info"),
    ProposalState.APPROVED: ("Approved and applied", "git-merge", "success"),
    ProposalState.REJECTED: ("Rejected", "circle-x", "error"),
    ProposalState.WITHDRAWN: ("Withdrawn", "undo-2", "neutral"),
    ProposalState.EXPIRED: ("Expired: nobody decided in time", "hourglass", "warning"),
}


@dataclass(frozen=True, slots=True)
class Convergence:
    """How many of the live agents enforce a revision or a later one."""

    revision: int
    head: int
    standings: list[Any]

    @property
    def total(self) -> int:
        return len(self.standings)

    @property
    def enforcing(self) -> int:
        return sum(1 for standing in self.standings if standing.agent.revision >= self.revision)

    @property
    def is_complete(self) -> bool:
        return self.enforcing == self.total

    @property
    def is_superseded(self) -> bool:
        return self.revision < self.head


def page_context(
    proposal: Proposal, *, failed: Mapping[str, forms.Form] | None = None
) -> dict[str, Any]:
    """Return everything the page of a proposal shows; `failed` holds forms with their errors."""
    box = queries.merge_box(proposal)
    about = analysis_context(proposal)
    impact = proposal_impact(proposal)
    title, icon, tone = HEADINGS[proposal.state]
    return {
        "proposal": proposal,
        "policy": proposal.policy,
        "kind_words": proposal.kind_title,
        **_what_changes(proposal),
        "box": box,
        "box_look": {"title": title, "icon": icon, "tone": tone, "text": _outcome(proposal)},
        "checks": [
            *_checks(proposal, box),
            *_test_checks(proposal, impact),
            *_analysis_checks(proposal, about["analysis"]),
        ],
        **about,
        "impact": impact,
        **replay_context(proposal),
        **shadow_context(proposal),
        "story": _story(proposal),
        "convergence": _convergence(proposal),
        "neighbours": _neighbours(proposal),
        "can_nudge": proposal.state == ProposalState.PENDING
        and decide("proposal.nudge", proposal.as_resource()).allowed,
        "can_comment": decide("proposal.comment", proposal.as_resource()).allowed,
        "working_change": _working_change(proposal)
        if box.can_revise and proposal.kind == ProposalKind.ACTIVATE_POLICY
        else None,
        **_forms(proposal, failed or {}),
    }


def _what_changes(proposal: Proposal) -> dict[str, Any]:
    if proposal.policy_id is None:
        return {"rows": get_kind(proposal.kind).rows(proposal)}
    return {"change": _change(proposal), "settings": _settings(proposal)}


def _forms(proposal: Proposal, failed: Mapping[str, forms.Form]) -> dict[str, Any]:
    seen = {"expected_version": proposal.version}
    fresh = {
        "approve_form": ApproveForm(initial=seen, auto_id="approve_%s"),
        "reject_form": RejectForm(initial=seen, auto_id="reject_%s"),
        "revise_form": ReviseForm(
            initial={"justification": proposal.justification}, auto_id="revise_%s"
        ),
        "accept_form": AcceptForm(auto_id="accept_%s"),
        "comment_form": CommentForm(auto_id="comment_%s"),
    }
    # A dialog opens again only for what can be put right in it: errors at its own fields.
    again = {name: form for name, form in failed.items() if not form.non_field_errors()}
    refusals = [text for form in failed.values() for text in form.non_field_errors()]
    return {**fresh, **again, "refusals": refusals}


def _outcome(proposal: Proposal) -> str:
    if proposal.state == ProposalState.APPROVED:
        return f"Published as revision {proposal.revision}." if proposal.revision else ""
    if proposal.state in (ProposalState.REJECTED, ProposalState.EXPIRED):
        return "Its author may revise it."
    return ""


def _change(proposal: Proposal) -> Any:
    return changed(queries.base_text(proposal), policies.body_text(proposal))


def _working_change(proposal: Proposal) -> Any:
    working = policies.get_policy(proposal.policy.id)
    return changed(policies.body_text(proposal), policies.body_text(working))


def _settings(proposal: Proposal) -> list[dict[str, str]] | None:
    """Return how what is proposed would be enforced, beside how it was; None if nobody knows."""
    proposed = queries.settings_of(proposal)
    if proposed is None:
        return None
    base = policies.find_version(policy_id=proposal.policy.id, number=proposal.base_version)
    rows = []
    for name, (label, words) in SETTINGS.items():
        now = words[getattr(proposed, name)]
        before = words[getattr(base, name)] if base else now
        rows.append({"name": label, "now": now, "before": before if before != now else ""})
    return rows


def _checks(proposal: Proposal, box: queries.MergeBox) -> list[dict[str, str]]:
    if proposal.state != ProposalState.PENDING:
        return []
    missing = max(0, box.required - box.approvals)
    people = "approval" if box.required == 1 else "approvals"
    checks = [
        {
            "state": "waiting" if missing else "done",
            "text": f"{box.approvals} of {box.required} {people}",
            "note": "by somebody else who may approve this",
        },
    ]
    if proposal.policy_id:
        checks.append({"state": "done", "text": "The text is valid against the schema", "note": ""})
    is_outdated = queries.is_outdated(proposal)
    checks.append(
        {
            "state": "failed" if is_outdated else "done",
            "text": "What it is about changed since it was proposed"
            if is_outdated and not proposal.policy_id
            else "The policy changed since it was proposed"
            if is_outdated
            else "Made from what is in force now",
            "note": "revise the proposal" if is_outdated else "",
        }
    )
    checks += [{"state": "skipped", "text": text} for text in box.blockers if "You " in text]
    return checks


def _analysis_checks(proposal: Proposal, standing: Standing) -> list[dict[str, str]]:
    return analysis_checks(standing) if proposal.state == ProposalState.PENDING else []


def _test_checks(proposal: Proposal, impact: ImpactView) -> list[dict[str, str]]:
    if proposal.state != ProposalState.PENDING or not impact.tests:
        return []
    failed, every = impact.failed_tests, len(impact.tests)
    noun = "test" if every == 1 else "tests"
    text = f"{failed} of {every} {noun} fail" if failed else f"All {every} {noun} pass"
    if every == 1:
        text = "Its test fails" if failed else "Its test passes"
    note = "revise it, or change the tests" if failed else ""
    return [{"state": "failed" if failed else "done", "text": text, "note": note, "url": "#tests"}]


def _story(proposal: Proposal) -> list[dict[str, Any]]:
    entries = [
        _entry(at=item.at, kind=item.kind, who=item.who, note=_note(item))
        for item in queries.timeline(proposal)
    ]
    told = events.list_history(resource_id=str(proposal.id)).filter(type__in=BY_EVENT)
    entries += [
        _entry(
            at=event.occurred_at,
            kind=BY_EVENT[event.type],
            who=event.actor_name,
            note=_event_note(event),
        )
        for event in told
    ]
    return sorted(entries, key=lambda entry: entry["at"])


def _event_note(event: Any) -> str:
    if event.type == "proposal.escalated":
        return f"Now asked too: the approvers of {event.after['asked_at']}."
    missed = event.payload.get("missed", 0)
    return f"{missed} earlier reminders were missed while nothing ran." if missed else ""


def _note(item: queries.Happening) -> str:
    # The page gives the justification a section of its own.
    return "" if item.kind == "proposed" else item.text


def _entry(*, at: Any, kind: str, who: str, note: str = "") -> dict[str, Any]:
    text, icon, tone = STORY[kind]
    return {"at": at, "who": who, "text": text, "note": note, "icon": icon, "tone": tone}


def _neighbours(proposal: Proposal) -> dict[str, Proposal | None]:
    """Return the proposals before and after this one that wait for the reader."""
    waiting = queries.list_waiting()
    before = [one for one in waiting if one.number < proposal.number]
    after = [one for one in waiting if one.number > proposal.number]
    return {"previous": before[-1] if before else None, "next": after[0] if after else None}


def _convergence(proposal: Proposal) -> Convergence | None:
    if proposal.revision is None or not decide("fleet.view", get_root().as_resource()).allowed:
        return None
    now = fleet.fleet()
    return Convergence(revision=proposal.revision, head=now.head, standings=now.standings)
