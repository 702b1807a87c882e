"""How long it takes from an approval until the last agent has acknowledged it."""

import time

from apps.fleet.models import CedarAgent
from apps.fleet.operations import enroll_agent
from apps.policies.operations import draft_policy
from apps.policies.queries import get_head
from apps.proposals.operations import approve_proposal, propose_policy
from tests.benchmarks.measure import Figure, median_ms
from tests.factories.company import TestCompany
from tests.journeys.stack import Stack, wait_until

ROUNDS, AGENTS = 30, 2
CEDAR = 'permit (principal, action == Action::"run_tool", resource == Tool::"t{number}");\n'


def measure(*, company: TestCompany, stack: Stack) -> list[Figure]:
    """Return the median from the approval's commit to the last acknowledgement's."""
    for number in range(AGENTS):
        with company.acting("admin"):
            _, token = enroll_agent(name=f"bench-{number}")
        stack.start_agent(f"bench-{number}", token)
    seconds = [_round(company, number) for number in range(ROUNDS)]
    milliseconds = median_ms(seconds)
    return [
        Figure(
            f"Approval to acknowledgement by {AGENTS} agents",
            f"{milliseconds:.0f} ms",
            "< 100 ms",
            milliseconds < 100,
        )
    ]


def _round(company: TestCompany, number: int) -> float:
    with company.acting("architect"):
        draft = draft_policy(
            scope_id=company.tenant_id, name=f"p{number}", cedar=CEDAR.format(number=number)
        )
        proposal = propose_policy(policy_id=draft.id, justification="measured")
    with company.acting("second_architect"):
        approve_proposal(proposal_id=proposal.id)
    committed = time.perf_counter()
    wait_until(lambda: _all_acknowledged(company), what="both acknowledgements")
    return time.perf_counter() - committed


def _all_acknowledged(company: TestCompany) -> bool:
    with company.acting("admin"):
        digest = get_head().digest
        return CedarAgent.objects.filter(digest=digest).count() == AGENTS
