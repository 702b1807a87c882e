"""The permission matrix in the domain's words, written down apart from the Cedar policies.

`WHOSE` says on whose thing an action may be done by a role: anybody's, one's own, or others'.
"""

LOWEST_ROLE = {
    # view or search policies, governance requests, the organization; simulate a policy;
    # view sync status
    "viewer": [
        "org.view",
        "user.view",
        "agent.view",
        "policy.view",
        "policy.check",
        "policy.simulate",
        "policy.analyze",
        "policy.validate",
        "policy.explain",
        "proposal.view",
        "fleet.view",
    ],
    # submit a governance request and follow it up; register an agent and delegate to it
    "developer": [
        "policy.propose",
        "governance.propose",
        "proposal.comment",
        "proposal.withdraw",
        "proposal.revise",
        "agent.register",
        "agent.delegate",
    ],
    # draft a policy; approve or reject a request; create a project; manage members;
    # revoke an agent; view the audit log
    "tech_lead": [
        "policy.draft",
        "policy.reword",
        "policy.add_test",
        "proposal.approve",
        "proposal.reject",
        "proposal.accept_conflicts",
        "proposal.nudge",
        "proposal.replay",
        "proposal.cancel_replay",
        "proposal.shadow",
        "proposal.stop_shadow",
        "project.init",
        "member.add",
        "member.remove",
        "scope.share",
        "scope.unshare",
        "agent.revoke",
        "audit.view",
        "decision.view",
    ],
    # edit and approve a policy; create a team (and look after the places that exist)
    "architect": [
        "policy.edit",
        "policy.approve",
        "policy.activate",
        "policy.restore",
        "policy.retire",
        "policy.remove_test",
        "policy.confirm_rollback",
        "team.create",
        "scope.update",
    ],
    # create an organization; assign roles; export data; configure governance; update the tenant,
    # its people, its Cedar agents and what failed
    "admin": [
        "org.init",
        "policy.export",
        "policy.import",
        "policy.rollback",
        "policy.end_rollback",
        "break_glass.open",
        "break_glass.end",
        "break_glass.review",
        "role.grant",
        "role.revoke",
        "scope.archive",
        "scope.restore",
        "user.register",
        "user.update",
        "user.deactivate",
        "user.reactivate",
        "audit.export",
        "decision.configure",
        "lease.configure",
        "signing_key.rotate",
        "governance.configure",
        "company.configure",
        "cedar_agent.enroll",
        "cedar_agent.rotate",
        "cedar_agent.update",
        "cedar_agent.revoke",
        "dead_letter.view",
        "dead_letter.replay",
        "dead_letter.discard",
        "webhook.view",
        "webhook.create",
        "webhook.update",
        "webhook.delete",
        "webhook.rotate_secret",
        "webhook.test",
        "webhook.replay",
        "operator.view",
    ],
    # list, create, enter and leave tenants
    "platform": ["tenant.create", "tenant.list", "tenant.enter", "tenant.leave"],
}
ROLES = ("viewer", "developer", "tech_lead", "architect", "admin", "tenant_admin")

# Whatever the role: only of one's own, or never of one's own.
ONLY_OWN = {"proposal.withdraw", "proposal.revise", "agent.register", "agent.delegate"}
NEVER_OWN = {
    "proposal.approve",
    "proposal.reject",
    "proposal.accept_conflicts",
    "policy.confirm_rollback",
    "break_glass.review",
}
# One's own things need no role at all.
OWN_THINGS = {
    "token.create",
    "token.rotate",
    "token.revoke",
    "token.view",
    "session.view",
    "notification.read",
    "notification.read_all",
    "notification.prefer",
    "session.end",
}
# A role is not needed to end an agent that acts in one's own name.
OWN_AGENT = {"agent.revoke"}

# Nobody below changes, ends or lets back in a person; heights from the lowest.
OVER_A_PERSON = {"user.update", "user.deactivate", "user.reactivate"}
HEIGHTS = ("person", "tenant_admin", "platform")

# What the portal's services do, each for itself; nothing of it is open to people unless above.
SERVICES = {
    "relay": {"revision.publish", "notification.send", "webhook.suspend"},
    "timekeeper": {
        "break_glass.end",
        "policy.end_rollback",
        "notification.digest",
        "decision.remove_old",
        "cedar_agent.judge",
        "proposal.remind",
        "proposal.escalate",
        "proposal.expire",
    },
    "analysis": {
        "analysis.record",
        "impact.record",
        "replay.advance",
        "replay.finish",
        "shadow.advance",
        "rewording.record",
    },
    "fleet": {
        "cedar_agent.connect",
        "cedar_agent.acknowledge",
        "cedar_agent.refuse",
        "decision.record",
        "revision.publish",
    },
    "sign-in": {
        "session.start",
        "session.end",
        "identity.link",
        "user.register",
        "role.grant",
        "role.revoke",
    },
    "bootstrap": {
        "portal.bootstrap",
        "tenant.create",
        "user.register",
        "password.set",
        "identity.link",
        "revision.publish",
        "role.grant",
    },
}
# Agents hand out no roles, whoever they act for.
CLOSED_TO_AGENTS = {"role.grant", "role.revoke"}


def lowest_role(action):
    """Return the lowest role that may do `action`, or None if no role may."""
    return next((role for role, actions in LOWEST_ROLE.items() if action in actions), None)


def height(role):
    """Return how high a holder of `role` stands over others: only the owners of a tenant do."""
    return HEIGHTS.index(role) if role in HEIGHTS else 0


def is_expected(*, role, action, place, is_own):
    """Tell whether the domain lets `role`, held at a team, do `action` at `place`.

    `role` is one of ROLES, `platform`, or None; `place` is inside, outside or other tenant.
    """
    if action in OWN_THINGS or action in OWN_AGENT:
        if is_own:
            return True
        if action in OWN_THINGS:
            return False
    if (action in ONLY_OWN and not is_own) or (action in NEVER_OWN and is_own):
        return False
    needed = lowest_role(action)
    if needed is None or role is None:
        return False
    if role == "platform":
        return True
    if needed == "platform" or place != "inside":
        return False
    return ROLES.index(role) >= ROLES.index(needed)
