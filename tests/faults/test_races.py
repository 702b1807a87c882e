"""People who act at the same moment: one wins, the others are told, nothing is half done."""

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

from apps.events.models import Event
from apps.kernel import clock
from apps.kernel.errors import Conflict, DomainError
from apps.kernel.tenancy import acting_as
from apps.orgs.models import Agent, Scope
from apps.orgs.operations import (
    archive_scope,
    create_project,
    deactivate_user,
    delegate_agent,
    reactivate_user,
    register_agent,
    restore_scope,
    revoke_agent,
)
from apps.orgs.queries import organization_entities
from apps.policies.models import PolicyVersion, Revision
from apps.policies.operations import activate_policy, publish_revision
from apps.policies.queries import get_head, list_versions
from apps.proposals.models import Proposal
from apps.proposals.operations import approve_proposal, propose_policy
from tests.factories.company import TestCompany, make_agent
from tests.factories.policy import FORBID, make_policy, make_proposal
from tests.journeys.stack import wait_until

from .together import Working, row_locked, together

THREADS = 8


def acting(company: TestCompany, role: str, call: Any, **arguments: Any) -> Any:
    """Return a call of an operation in a scope of its own."""

    def run() -> Any:
        with company.acting(role):
            return call(**arguments)

    return run


def kinds(outcomes: list[Any]) -> Counter[str]:
    return Counter(type(outcome).__name__ for outcome in outcomes)


def test_two_approvals_at_once_apply_once(committed_company):
    company = committed_company
    proposal = make_proposal(company)
    outcomes = together(
        *(
            acting(company, role, approve_proposal, proposal_id=proposal.id)
            for role in ("second_architect", "admin")
        )
    )
    assert kinds(outcomes) == {"Proposal": 1, "Conflict": 1}
    with company.acting("admin"):
        assert PolicyVersion.objects.filter(policy_id=proposal.policy_id).count() == 1
        assert Event.objects.filter(type="policy.activated").count() == 1
        assert get_head().number == Revision.objects.count()


def test_two_proposals_for_one_policy_leave_one(committed_company):
    company = committed_company
    policy = make_policy(company)
    propose = partial(propose_policy, policy_id=policy.id, justification="needed")
    outcomes = together(
        acting(company, "architect", propose), acting(company, "second_architect", propose)
    )
    assert kinds(outcomes) == {"Proposal": 1, "Conflict": 1}
    with company.acting("admin"):
        assert Proposal.objects.count() == 1


def test_proposals_made_at_once_are_numbered_without_gap_or_error(committed_company):
    company = committed_company
    policies = [make_policy(company, name=f"p{n}") for n in range(THREADS)]
    outcomes = together(
        *(
            acting(company, "architect", propose_policy, policy_id=p.id, justification="needed")
            for p in policies
        )
    )
    assert kinds(outcomes) == {"Proposal": THREADS}
    assert sorted(p.number for p in outcomes) == list(range(1, THREADS + 1))


def test_an_approval_that_waited_sees_the_version_that_came_into_force_meanwhile(
    committed_company,
):
    company = committed_company
    proposal = make_proposal(company)
    approve = acting(company, "second_architect", approve_proposal, proposal_id=proposal.id)
    with row_locked(company.tenant_id, "proposals_proposal", proposal.id) as lock:
        approving = Working(approve)
        lock.wait_for_waiter()
        with company.acting("admin"):
            activate_policy(policy_id=proposal.policy_id, cedar=FORBID, reason="at once")
        lock.release()
        outcome = approving.ended()
    assert isinstance(outcome, Conflict), outcome
    with company.acting("admin"):
        assert [v.cedar for v in list_versions(proposal.policy_id)] == [FORBID]


def test_revisions_published_and_activated_at_once_have_gap_free_numbers(committed_company):
    company = committed_company
    proposals = [make_proposal(company, name=f"p{n}") for n in range(THREADS // 2)]
    approvals = [
        acting(company, "second_architect", approve_proposal, proposal_id=p.id) for p in proposals
    ]

    def publish() -> Any:
        with acting_as(company.service("relay")):
            return publish_revision(reason="organization")

    outcomes = together(*approvals, *([publish] * (THREADS // 2)))
    assert kinds(outcomes) == {"Proposal": THREADS // 2, "Revision": THREADS // 2}
    with company.acting("admin"):
        chain = list(Revision.objects.order_by("number"))
        assert [r.number for r in chain] == list(range(1, len(chain) + 1))
        digests = [None, *(r.digest for r in chain)]
        assert [r.previous_digest for r in chain] == digests[:-1]
        assert get_head().digest == digests[-1]


def test_a_project_created_while_its_organization_is_archived_does_not_survive(committed_company):
    company = committed_company
    platform, api = company.scopes["platform"], company.scopes["api"]
    create = acting(company, "admin", create_project, parent_id=api.id, name="Late", slug="late")
    with row_locked(company.tenant_id, "orgs_scope", api.id) as lock:
        creating = Working(create)
        lock.wait_for_waiter()
        archiving = Working(acting(company, "admin", archive_scope, scope_id=platform.id))
        lock.wait_for_waiter(2)
        lock.release()
        outcomes = [creating.ended(), archiving.ended()]
    assert all(not isinstance(o, Exception) or isinstance(o, Conflict) for o in outcomes), outcomes
    with company.acting("admin"):
        assert not Scope.objects.live().within(platform.id).exists()


def test_a_team_restored_while_its_organization_is_archived_does_not_survive(committed_company):
    company = committed_company
    platform, api, web = (company.scopes[slug] for slug in ("platform", "api", "web"))
    with company.acting("admin"):
        archive_scope(scope_id=api.id)
    with row_locked(company.tenant_id, "orgs_scope", web.id) as lock:
        archiving = Working(acting(company, "admin", archive_scope, scope_id=platform.id))
        lock.wait_for_waiter()
        restoring = Working(acting(company, "admin", restore_scope, scope_id=api.id))
        wait_until(lambda: restoring.has_ended or lock.waiters() == 2, what="the restore")
        lock.release()
        outcomes = [archiving.ended(), restoring.ended()]
    assert kinds(outcomes) == {"Scope": 1, "Conflict": 1}
    with company.acting("admin"):
        assert not Scope.objects.live().within(platform.id).exists()


def agent_values(company: TestCompany, **changes: Any) -> dict[str, Any]:
    values = {
        "name": "late",
        "capabilities": ["policy.propose"],
        "expires_at": clock.now() + timedelta(days=1),
    }
    return {**values, **changes}


def live_agents(company: TestCompany) -> set[str]:
    """Return the names of the agents that nobody ended."""
    with company.acting("admin"):
        rows = Agent.objects.filter(revoked_at__isnull=True)
        listed = {
            e["attrs"]["name"] for e in organization_entities() if e["uid"]["type"] == "Agent"
        }
        assert listed <= {agent.name for agent in rows}
        return {agent.name for agent in rows}


def test_an_agent_registered_while_its_owner_is_deactivated_does_not_survive(committed_company):
    company = committed_company
    developer = company.users["developer"]
    first = make_agent(company)
    register = acting(
        company,
        "developer",
        register_agent,
        **agent_values(company, scope_id=company.tenant_id),
    )
    deactivate = acting(company, "admin", deactivate_user, user_id=developer.id)
    with row_locked(company.tenant_id, "orgs_agent", first.id) as lock:
        deactivating = Working(deactivate)
        lock.wait_for_waiter()
        registering = Working(register)
        wait_until(lambda: registering.has_ended or lock.waiters() == 2, what="the registration")
        lock.release()
        outcomes = [deactivating.ended(), registering.ended()]
    assert isinstance(outcomes[0], type(developer)), outcomes
    assert isinstance(outcomes[1], DomainError | Agent), outcomes
    assert live_agents(company) == set()
    with company.acting("admin"):
        reactivate_user(user_id=developer.id)
    assert live_agents(company) == set()


def test_an_agent_delegated_while_the_chain_above_is_revoked_does_not_survive(committed_company):
    company = committed_company
    top = make_agent(company, name="top", max_depth=3)

    def delegate(parent: Agent, name: str, capabilities: list[str]) -> Any:
        with acting_as(company.agent_actor(parent)):
            return delegate_agent(
                parent_id=parent.id,
                **agent_values(
                    company, name=name, capabilities=capabilities, expires_at=parent.expires_at
                ),
            )

    middle = delegate(top, "middle", ["policy.propose", "agent.delegate"])
    with row_locked(company.tenant_id, "orgs_agent", middle.id) as lock:
        delegating = Working(lambda: delegate(middle, "late", ["policy.propose"]))
        lock.wait_for_waiter()
        revoking = Working(acting(company, "developer", revoke_agent, agent_id=top.id))
        lock.wait_for_waiter(2)
        lock.release()
        outcomes = [delegating.ended(), revoking.ended()]
    assert isinstance(outcomes[0], DomainError | Agent), outcomes
    assert isinstance(outcomes[1], Agent), outcomes
    assert live_agents(company) == set()


def test_delegating_while_the_place_is_archived_ends_without_deadlock(committed_company):
    company = committed_company
    api = company.scopes["api"]
    parent = make_agent(company, name="parent", scope_id=api.id, max_depth=2)

    def delegate() -> Any:
        with acting_as(company.agent_actor(parent)):
            return delegate_agent(parent_id=parent.id, **agent_values(company))

    with row_locked(company.tenant_id, "orgs_agent", parent.id) as lock:
        delegating = Working(delegate)
        lock.wait_for_waiter()
        archiving = Working(acting(company, "admin", archive_scope, scope_id=api.id))
        lock.wait_for_waiter(2)
        lock.release()
        outcomes = [delegating.ended(), archiving.ended()]
    assert isinstance(outcomes[0], DomainError | Agent), outcomes
    assert isinstance(outcomes[1], Scope), outcomes
    assert live_agents(company) == set()
