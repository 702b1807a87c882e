"""Real agent processes follow the portal."""

import httpx
import pytest

from apps.fleet.operations import enroll_agent
from apps.fleet.queries import fleet
from apps.policies.operations import draft_policy
from apps.proposals.conflicts.waiting import analyze_waiting
from apps.proposals.operations import approve_proposal, propose_policy
from tests.factories.company import TestCompany
from tests.journeys.stack import Stack, wait_until

PERMIT = 'permit (principal, action == Action::"run_tool", resource);\n'
FORBID = 'forbid (principal, action == Action::"run_tool", resource == Tool::"shell");\n'
QUESTION = {
    "principal": 'User::"developer@{slug}.example"',
    "action": 'Action::"run_tool"',
    "resource": 'Tool::"shell"',
}


def put_in_force(company: TestCompany, name: str, cedar: str) -> int:
    with company.acting("architect"):
        # A guard rail limits what is permitted beside it; an optional one would be a conflict.
        draft = draft_policy(scope_id=company.tenant_id, name=name, cedar=cedar, mode="mandatory")
        proposal = propose_policy(policy_id=draft.id, justification="needed")
    analyze_waiting(tenant_id=company.tenant_id)
    with company.acting("second_architect"):
        return approve_proposal(proposal_id=proposal.id).revision


def answer_of(address: str, company: TestCompany) -> dict:
    question = {key: value.format(slug=company.slug) for key, value in QUESTION.items()}
    return httpx.post(f"{address}/v1/is_authorized", json=question).json()


@pytest.mark.gap("UX-H1")
def test_two_agents_change_their_answer_and_survive_a_portal_restart(
    stack: Stack, committed_company: TestCompany
):
    company = committed_company
    addresses = []
    for name in ("first", "second"):
        with company.acting("admin"):
            _, token = enroll_agent(name=name)
        addresses.append(stack.start_agent(f"{company.slug}-{name}", token))
    put_in_force(company, "tools", PERMIT)
    for address in addresses:
        wait_until(lambda a=address: answer_of(a, company)["decision"] == "Allow", what="Allow")

    put_in_force(company, "no-shell", FORBID)
    for address in addresses:
        wait_until(lambda a=address: answer_of(a, company)["decision"] == "Deny", what="Deny")

    web = stack.children["web"]
    web.kill()
    web.wait()
    assert answer_of(addresses[0], company)["decision"] == "Deny"
    put_in_force(company, "again", PERMIT.replace("run_tool", "read_file"))
    stack.start_web()

    def all_current() -> bool:
        with company.acting("admin"):
            standing = fleet()
            return standing.current == 2

    wait_until(all_current, what="both agents current after the restart")
