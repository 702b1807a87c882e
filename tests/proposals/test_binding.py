"""An approval binds to what was read: the text, and how it would be enforced."""

import pytest

from apps.kernel.errors import Conflict
from apps.policies import operations as policies
from apps.policies.models import PolicyVersion
from apps.proposals import operations, queries

PERMIT = 'permit (principal, action == Action::"read_file", resource);\n'


@pytest.mark.parametrize(
    "change", [{"severity": "block"}, {"mode": "mandatory"}, {"merge_strategy": "override"}]
)
def test_a_setting_changed_after_the_proposal_blocks_its_approval(company, change):
    with company.acting("architect"):
        draft = policies.draft_policy(scope_id=company.tenant_id, name="reading", cedar=PERMIT)
        proposal = operations.propose_policy(policy_id=draft.id, justification="needed")
        policies.edit_policy(policy_id=draft.id, **change)
    with company.acting("second_architect"):
        assert queries.merge_box(queries.get_proposal(proposal.id)).blockers[-1] == (
            "The policy changed meanwhile: its author must revise the proposal."
        )
        with pytest.raises(Conflict, match="must be revised"):
            operations.approve_proposal(proposal_id=proposal.id)
        assert not PolicyVersion.objects.exists()
    with company.acting("architect"):
        operations.revise_proposal(proposal_id=proposal.id)
    with company.acting("second_architect"):
        operations.approve_proposal(proposal_id=proposal.id)
        version = PolicyVersion.objects.get()
        assert {key: getattr(version, key) for key in change} == change
