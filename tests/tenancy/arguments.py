"""Arguments for every operation, found by the names of its parameters.

An operation with a parameter that is not known here fails the tests until it is taught.
"""

import inspect
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from apps.fleet.types import AgentProtocol, Applied
from apps.kernel import clock
from apps.kernel.operation import Operation
from apps.policies.bundles import write_bundle

TABLE_OF = {
    "user_id": "orgs_user",
    "scope_id": "orgs_scope",
    "parent_id": "orgs_scope",
    "agent_id": "orgs_agent",
    "policy_id": "policies_policy",
    "proposal_id": "proposals_proposal",
    "replay_id": "proposals_replay",
    "shadow_id": "proposals_shadow",
    "rollback_id": "policies_rollback",
    "glass_id": "policies_breakglass",
    "test_id": "policies_policytest",
    "rewording_id": "policies_rewording",
    "membership_id": "orgs_membership",
    "grant_id": "orgs_rolegrant",
    "delivery_id": "events_delivery",
    "notification_id": "notifications_notification",
    "webhook_id": "webhooks_webhook",
    "message_id": "webhooks_message",
    "token_id": "identity_apitoken",
    "session_id": "identity_session",
}
TABLE_IN = {
    ("agent.delegate", "parent_id"): "orgs_agent",
    **{
        (f"cedar_agent.{verb}", "agent_id"): "fleet_cedaragent"
        for verb in ("connect", "judge", "refuse", "revoke", "rotate", "update")
    },
    ("decision.record", "agent_id"): "fleet_cedaragent",
}
# In these, an id may be left out; attacks fill it in all the same.
OPTIONAL_IDS = {("agent.delegate", "scope_id"), ("token.create", "agent_id")}
CEDAR = 'permit (principal, action == Action::"deploy", resource);\n'


def _bundle() -> bytes:
    from tests.policies.test_bundles import carried

    return write_bundle([carried(f"name {uuid4().hex[:8]}")]).content


def _session() -> Any:
    from apps.identity.sessions import SessionStore

    return SessionStore()


def _method() -> Any:
    from apps.identity.types import SignInMethod

    return SignInMethod(name="password")


# Parameters that hold ids within what they hold.
MADE_OF_ROWS: dict[str, Callable[[dict[str, dict[str, Any]]], Any]] = {
    "answers": lambda rows: [Applied(row_id("fleet_cedaragent", rows), 1.0)],
}
VALUES: dict[str, Any] = {
    "bundle": _bundle,
    "base": lambda: "sha256:0",
    "agent_version": lambda: "1.0.0",
    "applied_ms": lambda: 1.0,
    "capabilities": lambda: ["policy.view"],
    "cedar": lambda: CEDAR,
    "intent": lambda: "keep the bots out",
    "sentences": lambda: ["Block lodash."],
    "clarification": lambda: "",
    "tokens": lambda: 1,
    "cedar_version": lambda: "4.0.0",
    "company": lambda: "Company",
    "content": lambda: "sha256:0",
    "connection": lambda: uuid4().hex,
    "digest": lambda: "sha256:0",
    "dropped": lambda: 0,
    "entries": list,
    "keep_days": lambda: 30,
    "lease": uuid4,
    "lease_seconds": lambda: 30,
    "limit_seconds": lambda: 60,
    "limits": dict,
    "offline_hours": lambda: 24,
    "out_of_date_seconds": lambda: 90,
    "readable": list,
    "works_offline": lambda: True,
    "protocol": lambda: AgentProtocol.AETERNA,
    "limit": lambda: 10,
    "log": lambda: uuid4().hex,
    "masked": lambda: ["card"],
    "sample_percent": lambda: 50.0,
    "email": lambda: f"{uuid4().hex}@example.com",
    "error": lambda: "does not parse",
    "facts": lambda: "sha256:0",
    "expires_at": lambda: clock.now() + timedelta(hours=1),
    "hours": lambda: 1,
    "issuer": lambda: "https://issuer.example",
    "justification": lambda: "It is needed.",
    "manifests": dict,
    "method": _method,
    "key": lambda: uuid4().hex,
    "kind": lambda: "governance_setting",
    "actions": lambda: ["run_tool"],
    "principals": lambda: ["nobody@example.com"],
    "resources": lambda: ['Tool::"hammer"'],
    "minutes": lambda: 30,
    "note": lambda: "It was needed.",
    "name": lambda: f"name {uuid4().hex[:8]}",
    "number": lambda: 1,
    "restored": lambda: 1,
    "password": lambda: "a long enough pass phrase 9",
    "path": lambda: "/proposals/",
    "payload": lambda: {"setting": "preset", "value": {"preset": "strict"}},
    "policy": lambda: None,
    "proposed": lambda: "sha256:0",
    "report": lambda: {"relation": "equivalent"},
    "patterns": lambda: ["policy.*"],
    "url": lambda: "https://hooks.example.com/x",
    "expected": lambda: "deny",
    "question": lambda: {
        "principal": "nobody@example.com",
        "action": "deploy",
        "resource_type": "Scope",
        "resource_id": "acme",
    },
    "provider": lambda: "okta",
    "recipient_ids": list,
    "reason": lambda: "Because.",
    "revision": lambda: 1,
    "role": lambda: "viewer",
    "role_resolution": lambda: "least_permissive",
    "seen": uuid4,
    "session": _session,
    "setting": lambda: "preset",
    "slug": lambda: f"s-{uuid4().hex[:12]}",
    "stage": lambda: "parse",
    "subject": lambda: uuid4().hex,
    "tests": list,
    "text": lambda: "Words.",
    "values": dict,
    "value": lambda: {"preset": "strict"},
}


def id_parameters(operation: Operation) -> dict[str, str]:
    """Return the parameters that hold an id, with the table it is an id of."""
    return {
        name: TABLE_IN.get((operation.name, name), TABLE_OF[name])
        for name in inspect.signature(operation.function).parameters
        if name in TABLE_OF
    }


def arguments(operation: Operation, rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return arguments for the operation with ids of `rows`; KeyError names what is unknown."""
    tables = id_parameters(operation)
    found: dict[str, Any] = {}
    for name, parameter in inspect.signature(operation.function).parameters.items():
        is_needed = parameter.default is inspect.Parameter.empty
        if name in tables:
            if is_needed or (operation.name, name) in OPTIONAL_IDS:
                found[name] = row_id(tables[name], rows)
        elif name in MADE_OF_ROWS:
            found[name] = MADE_OF_ROWS[name](rows)
        elif is_needed:
            found[name] = VALUES[name]()
    return found


def row_id(table: str, rows: dict[str, dict[str, Any]]) -> Any:
    """Return the id of the table's row, as operations take it."""
    if table == "identity_session":
        return rows[table]["session_key"]
    return UUID(rows[table]["id"])


def random_id(table: str) -> Any:
    """Return an id of nothing."""
    return uuid4().hex + uuid4().hex if table == "identity_session" else uuid4()
