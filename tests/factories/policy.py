"""Policies and proposals for tests, made through the same operations as real ones."""

from typing import Any

from apps.policies.operations import draft_policy
from apps.policies.queries import get_policy
from apps.proposals.operations import approve_proposal, propose_policy

from .company import TestCompany

PERMIT = 'permit (principal, action == Action::"read_file", resource);\n'
FORBID = 'forbid (principal is Agent, action == Action::"run_tool", resource);\n'


def make_policy(company: TestCompany, *, by: str = "architect", **changes: Any) -> Any:
    """Draft a policy of the company's scope as somebody."""
    values = {"scope_id": company.scopes["company"].id, "name": "baseline", "cedar": PERMIT}
    with company.acting(by):
        return draft_policy(**{**values, **changes})


def make_proposal(company: TestCompany, *, by: str = "architect", **changes: Any) -> Any:
    """Draft a policy and propose it as somebody."""
    policy = make_policy(company, by=by, **changes)
    with company.acting(by):
        return propose_policy(policy_id=policy.id, justification="We need it.")


def make_active(company: TestCompany, **changes: Any) -> Any:
    """Make a policy that is in force, proposed and approved by two architects."""
    proposal = make_proposal(company, **changes)
    with company.acting("second_architect"):
        approved = approve_proposal(proposal_id=proposal.id)
        return get_policy(approved.policy_id)
