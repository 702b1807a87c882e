"""How events read and look: the verb, the icon, the tone, and where their objects are shown."""

from collections.abc import Mapping

# (what was done, icon, tone), by event type; what is not here is told by its name.
EVENTS: Mapping[str, tuple[str, str, str]] = {
    "tenant.created": ("founded the company", "building-2", "primary"),
    "tenant.entered": ("entered", "log-in", "warning"),
    "tenant.left": ("left", "log-out", "neutral"),
    "company.configured": ("changed the company's settings", "settings", "neutral"),
    "org.created": ("created the organization", "building", "primary"),
    "team.created": ("created the team", "users", "primary"),
    "project.created": ("created the project", "folder-git-2", "primary"),
    "scope.updated": ("changed", "pencil", "neutral"),
    "scope.archived": ("archived", "archive", "warning"),
    "scope.restored": ("restored", "rotate-ccw", "success"),
    "scope.shared": ("shared", "eye", "info"),
    "scope.unshared": ("stopped sharing", "eye-off", "neutral"),
    "user.registered": ("registered", "user-plus", "primary"),
    "user.updated": ("changed the details of", "pencil", "neutral"),
    "user.deactivated": ("deactivated", "user-minus", "error"),
    "user.reactivated": ("reactivated", "user-check", "success"),
    "member.added": ("added somebody to", "user-plus", "info"),
    "member.removed": ("removed somebody from", "user-minus", "neutral"),
    "role.granted": ("granted a role to", "key-round", "warning"),
    "role.revoked": ("revoked a role of", "key-round", "neutral"),
    "agent.registered": ("registered the agent", "bot", "primary"),
    "agent.delegated": ("delegated to the agent", "workflow", "info"),
    "agent.revoked": ("revoked the agent", "ban", "error"),
    "policy.drafted": ("drafted", "scroll-text", "neutral"),
    "policy.edited": ("edited", "pencil", "neutral"),
    "policy.exported": ("exported policies of", "download", "neutral"),
    "policy.imported": ("imported policies into", "upload", "info"),
    "policy.restored": ("restored an earlier version of", "history", "neutral"),
    "policy.test_added": ("added a test to", "flask-conical", "info"),
    "policy.test_removed": ("removed a test of", "flask-conical", "warning"),
    "policy.rolled_back": ("rolled back without approval", "alarm-clock", "error"),
    "policy.rollback_confirmed": ("confirmed the rollback of", "shield-check", "success"),
    "policy.rollback_ended": ("ended the rollback of", "undo-2", "warning"),
    "policy.analysis_requested": ("asked what would change with", "flask-conical", "neutral"),
    "analysis.recorded": ("analysed", "flask-conical", "info"),
    "impact.recorded": ("worked out who gains and loses by", "users", "info"),
    "policy.reworded": ("looked up an intent at", "message-square", "neutral"),
    "policy.reword_requested": ("asked the model about an intent at", "message-square", "neutral"),
    "rewording.recorded": ("read an intent at", "message-square", "neutral"),
    "policy.checked": ("checked a project against the policies of", "list-checks", "neutral"),
    "policy.simulated": ("tried out", "flask-conical", "neutral"),
    "policy.proposed": ("proposed", "git-pull-request", "info"),
    "policy.activated": ("put into force", "shield-check", "success"),
    "policy.retired": ("retired", "archive", "warning"),
    "proposal.approved": ("approved", "circle-check", "success"),
    "proposal.conflicts_accepted": ("accepted the conflicts of", "shield-alert", "warning"),
    "proposal.rejected": ("rejected", "circle-x", "error"),
    "governance.proposed": ("proposed", "git-pull-request", "info"),
    "governance.configured": ("changed how changes are governed in", "settings", "warning"),
    "proposal.reminded": ("reminded of", "clock", "info"),
    "proposal.nudged": ("reminded the approvers of", "bell", "info"),
    "proposal.replay_requested": ("asked to replay decisions against", "history", "neutral"),
    "proposal.replay_cancelled": ("stopped the replay against", "ban", "neutral"),
    "replay.advanced": ("replays decisions against", "history", "neutral"),
    "replay.finished": ("replayed decisions against", "history", "info"),
    "proposal.shadow_started": ("put in shadow", "eye", "info"),
    "proposal.shadow_stopped": ("ended the shadow of", "eye-off", "neutral"),
    "shadow.advanced": ("found decisions that would be different with", "eye", "neutral"),
    "shadow.ended": ("ended the shadow of", "eye-off", "info"),
    "proposal.escalated": ("escalated", "arrow-up-right", "warning"),
    "proposal.expired": ("let expire", "hourglass", "neutral"),
    "proposal.withdrawn": ("withdrew", "undo-2", "neutral"),
    "proposal.revised": ("revised", "pencil", "info"),
    "proposal.commented": ("commented on", "message-square", "neutral"),
    "notification.sent": ("told people about", "send", "neutral"),
    "notification.digested": ("wrote the daily digest of", "send", "neutral"),
    "notification.preferred": ("chose how to be told as", "bell", "neutral"),
    "notification.read": ("read their inbox", "inbox", "neutral"),
    "revision.published": ("published a revision for", "upload", "primary"),
    "revision.confirmed": ("found nothing new to publish for", "check", "neutral"),
    "portal.bootstrapped": ("opened this installation for", "rocket", "primary"),
    "identity.linked": ("linked an identity to", "link", "neutral"),
    "password.set": ("set a password for", "key", "neutral"),
    "cedar_agent.disconnected": ("disconnected", "wifi-off", "warning"),
    "cedar_agent.enrolled": ("enrolled the Cedar agent", "plug", "primary"),
    "cedar_agent.connected": ("connected", "wifi", "success"),
    "cedar_agent.acknowledged": ("acknowledged a revision", "check", "success"),
    "cedar_agent.refused": ("refused a revision", "circle-x", "error"),
    "agent.out_of_date": ("is out of date", "triangle-alert", "error"),
    "agent.up_to_date": ("is up to date again", "circle-check", "success"),
    "decision.recorded": ("told of its decisions", "history", "neutral"),
    "cedar_agent.updated": ("changed the Cedar agent", "settings", "warning"),
    "lease.configured": ("changed how long agents decide on their own in", "settings", "warning"),
    "signing_key.rotated": ("replaced the signing key of", "refresh-cw", "warning"),
    "decision.configured": ("changed the decision log of", "settings", "warning"),
    "decision.old_removed": ("removed old decisions of", "trash-2", "neutral"),
    "cedar_agent.rotated": ("replaced the token of", "refresh-cw", "warning"),
    "cedar_agent.revoked": ("revoked the Cedar agent", "ban", "error"),
    "webhook.created": ("made the webhook", "webhook", "warning"),
    "webhook.updated": ("changed the webhook", "pencil", "neutral"),
    "webhook.deleted": ("deleted the webhook", "trash-2", "warning"),
    "webhook.secret_rotated": ("replaced the secret of the webhook", "refresh-cw", "warning"),
    "webhook.suspended": ("switched off the webhook", "circle-pause", "error"),
    "webhook.tested": ("sent a test to the webhook", "send", "info"),
    "webhook.replayed": ("sent again a message to the webhook", "refresh-cw", "info"),
    "dead_letter.replayed": ("replayed the dead letter of", "refresh-cw", "info"),
    "dead_letter.discarded": ("discarded the dead letter of", "trash-2", "warning"),
    "session.started": ("signed in", "log-in", "neutral"),
    "session.ended": ("signed out", "log-out", "neutral"),
    "token.created": ("created the token", "key", "warning"),
    "token.rotated": ("replaced the token", "refresh-cw", "warning"),
    "token.revoked": ("revoked the token", "ban", "neutral"),
}
# Recorded by the portal's own services, yet done by the object itself.
OF_ITSELF = frozenset(
    {
        "session.started",
        "session.ended",
        "cedar_agent.connected",
        "cedar_agent.disconnected",
        "cedar_agent.acknowledged",
        "cedar_agent.refused",
        "agent.out_of_date",
        "agent.up_to_date",
        "decision.recorded",
    }
)
DENIED = "shield-x", "error"
PATHS: Mapping[str, str] = {
    "Scope": "/organization/scopes/{}/",
    "User": "/organization/people/{}/",
    "Agent": "/organization/agents/{}/",
    "Policy": "/policies/{}/",
    "Proposal": "/proposals/{}/",
    "CedarAgent": "/fleet/agents/{}/",
    "Webhook": "/settings/webhooks/{}/",
}


def told(event_type: str, *, is_denied: bool = False) -> tuple[str, str, str]:
    """Return (what was done, icon, tone) of an event."""
    if is_denied:
        action = event_type.removesuffix(".denied")
        return f"was denied {action} on", *DENIED
    known = EVENTS.get(event_type)
    return known or (f"did {event_type} to", "circle-dot", "neutral")


def path_of(resource_type: str, resource_id: str) -> str:
    """Return the page of an object; empty for objects without one."""
    return PATHS.get(resource_type, "").format(resource_id)
