"""Attacks on the REST API by its own document, and what they are about."""

import os
import random
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from apps.fleet.operations import enroll_agent
from apps.identity.operations import create_token
from apps.kernel import clock
from apps.kernel.tenancy import acting_as
from apps.orgs.operations import add_member
from apps.orgs.queries import list_grants
from tests.factories.company import TestCompany, make_agent
from tests.factories.policy import make_active, make_proposal

EXAMPLES = int(os.environ.get("AETERNA_API_EXAMPLES", "6"))
FEW = hypothesis_settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
# The schema cannot say which ids exist or which names are taken, so what it allows may be refused.
EXCLUDED = [positive_data_acceptance]


def attack(case: Any, target: Any) -> None:
    """Send a case, half of the time about something that exists, and check the answer."""
    token, ids = target
    about = ids | ids.get(case.path.split("/")[3], {})
    excluded = EXCLUDED
    if random.Random(repr(case.body) + repr(case.query)).random() < 0.5:
        case.path_parameters.update({k: about[k] for k in case.path_parameters if k in about})
        # What was wrong with the request may have been the id that was just put right.
        excluded = [*EXCLUDED, negative_data_rejection]
    headers = {"Authorization": f"Bearer {token}"}
    case.call_and_validate(headers=headers, excluded_checks=excluded)


def ids_of(company: TestCompany) -> dict[str, Any]:
    """Return the ids of something of every kind, by parameter."""
    # Never the caller's own person or token: they would lock themselves out.
    active, proposal = make_active(company, name="active"), make_proposal(company, name="waiting")
    agent = make_agent(company, owner="tenant_admin", max_depth=2)
    user, scope = company.users["viewer"], company.scopes["shop"]
    with acting_as(company.actor("tenant_admin")):
        edge, _ = enroll_agent(name="edge")
        member = add_member(user_id=user.id, scope_id=scope.id)
        token, _ = create_token(name="spare", expires_at=clock.now() + timedelta(days=1))
        (grant,) = list_grants(user_id=user.id)
    found = {
        "scope_id": scope.id,
        "user_id": user.id,
        "membership_id": member.id,
        "grant_id": grant.id,
        "agent_id": agent.id,
        "parent_id": agent.id,
        "policy_id": active.id,
        "proposal_id": proposal.id,
        "token_id": token.id,
    }
    by_name: dict[str, Any] = {name: str(value) for name, value in found.items()}
    return {**by_name, "number": 1, "cedar-agents": {"agent_id": str(edge.id)}}
