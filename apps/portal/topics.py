"""What browsers can be told has changed, and what they need to be told it."""

from collections.abc import Mapping

from apps.orgs.types import SYNCHRONISED_EVENTS

FLEET, PROPOSALS, POLICIES, AUDIT, ORG = "fleet", "proposals", "policies", "audit", "org"
INBOX = "inbox"
DECISIONS = "decisions"

# Who may see something of the kind somewhere is told that something of the kind changed: a topic
# says nothing about what, and what is read then is decided then.
NEEDED: Mapping[str, str] = {
    FLEET: "fleet.view",
    PROPOSALS: "proposal.view",
    POLICIES: "policy.view",
    AUDIT: "audit.view",
    ORG: "org.view",
    INBOX: "org.view",
    DECISIONS: "decision.view",
}
TOPIC_OF: Mapping[str, str] = {
    **dict.fromkeys(SYNCHRONISED_EVENTS, ORG),
    **dict.fromkeys(("company.configured", "scope.shared", "scope.unshared"), ORG),
    **dict.fromkeys(
        ("policy.drafted", "policy.edited", "policy.restored", "policy.activated"), POLICIES
    ),
    **dict.fromkeys(("policy.retired", "policy.analysis_requested", "analysis.recorded"), POLICIES),
    **dict.fromkeys(("impact.recorded", "policy.test_added", "policy.test_removed"), POLICIES),
    **dict.fromkeys(
        ("policy.rolled_back", "policy.rollback_confirmed", "policy.rollback_ended"), POLICIES
    ),
    **dict.fromkeys(("break_glass.opened", "break_glass.ended", "break_glass.reviewed"), POLICIES),
    **dict.fromkeys(
        (
            "policy.proposed",
            "governance.proposed",
            "governance.configured",
            "proposal.reminded",
            "proposal.nudged",
            "proposal.escalated",
            "proposal.expired",
            "proposal.approved",
            "proposal.rejected",
            "proposal.conflicts_accepted",
            "proposal.withdrawn",
            "proposal.revised",
            "proposal.commented",
            "proposal.replay_requested",
            "proposal.replay_cancelled",
            "replay.advanced",
            "replay.finished",
            "proposal.shadow_started",
            "proposal.shadow_stopped",
            "shadow.advanced",
            "shadow.ended",
        ),
        PROPOSALS,
    ),
    **dict.fromkeys(
        (
            "revision.published",
            "revision.confirmed",
            "cedar_agent.enrolled",
            "cedar_agent.connected",
            "cedar_agent.disconnected",
            "cedar_agent.acknowledged",
            "cedar_agent.refused",
            "agent.out_of_date",
            "agent.up_to_date",
            "cedar_agent.rotated",
            "cedar_agent.updated",
            "lease.configured",
            "signing_key.rotated",
            "cedar_agent.revoked",
        ),
        FLEET,
    ),
    **dict.fromkeys(
        ("decision.recorded", "decision.configured", "decision.old_removed"), DECISIONS
    ),
    **dict.fromkeys(("notification.sent", "notification.read", "notification.digested"), INBOX),
    **dict.fromkeys(("dead_letter.replayed", "dead_letter.discarded"), AUDIT),
    **dict.fromkeys(("notification.preferred",), AUDIT),
    **dict.fromkeys(
        (
            "webhook.created",
            "webhook.updated",
            "webhook.deleted",
            "webhook.secret_rotated",
            "webhook.suspended",
            "webhook.tested",
            "webhook.replayed",
        ),
        AUDIT,
    ),
    **dict.fromkeys(("policy.checked", "policy.simulated", "policy.exported"), AUDIT),
    "policy.imported": POLICIES,
    **dict.fromkeys(("policy.reworded", "policy.reword_requested", "rewording.recorded"), AUDIT),
    **dict.fromkeys(("tenant.entered", "tenant.left"), AUDIT),
}


def topics_of(event_type: str) -> tuple[str, ...]:
    """Return the topics that an event touches; every event is in the audit log too."""
    own = TOPIC_OF[event_type]
    return (own,) if own == AUDIT else (own, AUDIT)
