"""Policies that hold rules: kept, versioned, proposed and shown together with their Cedar."""

import pytest

from apps.kernel.errors import Invalid
from apps.policies.digest import policy_digest, sha256
from apps.policies.models import Policy, PolicyVersion, Revision
from apps.policies.operations import draft_policy, edit_policy, restore_version
from apps.proposals.operations import approve_proposal, propose_policy, revise_proposal
from tests.factories.policy import PERMIT, make_active, make_policy
from tests.policies.test_rules import LODASH, SECURITY
from tests.web.sign_in import browser


def test_a_policy_of_rules_alone_is_in_force_without_telling_agents(company):
    make_active(company, name="reading")
    policy = make_active(company, name="rules", cedar="", rules=[SECURITY, LODASH])

    with company.acting("architect"):
        version = PolicyVersion.objects.get(policy=policy)
        names = Revision.objects.order_by("-number").first().policies.body
    assert (policy.state, policy.active_version, policy.cedar) == ("active", 1, "")
    assert version.rules == policy.rules == [LODASH, SECURITY]
    assert version.digest == policy_digest(cedar="", rules=[LODASH, SECURITY])
    assert '"name":"reading"' in names
    assert '"name":"rules"' not in names


def test_the_digest_of_a_policy_without_rules_is_that_of_its_cedar():
    assert policy_digest(cedar=PERMIT, rules=[]) == sha256(PERMIT)
    assert policy_digest(cedar=PERMIT, rules=[LODASH]) != sha256(PERMIT)


def test_a_policy_that_says_nothing_is_refused(company):
    place = company.scopes["company"].id
    with company.acting("architect"), pytest.raises(Invalid) as drafted:
        draft_policy(scope_id=place, name="empty", cedar=" ", rules=[])
    policy = make_policy(company, cedar="", rules=[LODASH])
    with company.acting("architect"), pytest.raises(Invalid) as edited:
        edit_policy(policy_id=policy.id, rules=[])

    said = {"cedar": ["Write at least one policy statement, or give the policy a rule."]}
    assert drafted.value.fields == edited.value.fields == said
    with company.acting("architect"):
        assert [p.rules for p in Policy.objects.all()] == [[LODASH]]


def test_a_rule_that_is_wrong_changes_nothing(company):
    policy = make_policy(company, rules=[LODASH])
    with company.acting("architect"), pytest.raises(Invalid) as caught:
        edit_policy(policy_id=policy.id, rules=[{**LODASH, "effect": "ban"}])

    assert caught.value.fields == {
        "rules": ["rules[0].effect: choose one of forbid, require, allow."]
    }
    with company.acting("architect"):
        assert Policy.objects.get().rules == [LODASH]


def test_an_earlier_version_comes_back_with_its_rules(company):
    policy = make_active(company, rules=[LODASH])
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, rules=[SECURITY], cedar="")
        restored = restore_version(policy_id=policy.id, number=1)

    assert (restored.rules, restored.cedar) == ([LODASH], PERMIT)


def test_an_approval_is_bound_to_the_rules_that_were_seen(company):
    policy = make_policy(company, rules=[LODASH])
    with company.acting("architect"):
        proposal = propose_policy(policy_id=policy.id, justification="Needed.")
        first = proposal.digest
        edit_policy(policy_id=policy.id, rules=[SECURITY])
        revised = revise_proposal(proposal_id=proposal.id)
    with company.acting("second_architect"):
        approve_proposal(proposal_id=proposal.id)

    assert revised.digest != first
    with company.acting("architect"):
        assert PolicyVersion.objects.get().rules == [SECURITY]


def test_rules_are_written_in_the_editor_and_shown_in_words(company):
    policy = make_active(company, rules=[LODASH])
    page = browser(company, "architect")
    fields = {
        "name": "baseline", "severity": "warn", "mode": "optional", "merge_strategy": "merge",
        "cedar": "", "rules": '[{"id": "x"}]', "expected_version": policy.version,
    }  # fmt: skip

    refused = page.post(f"/policies/{policy.id}/edit/", fields)
    wrong = "rules[0].target: choose one of dependency, file, code, import, config."
    assert refused.status_code == 422
    assert wrong in refused.content.decode()
    saved = page.post(
        f"/policies/{policy.id}/edit/",
        {**fields, "rules": '[{"id":"s","target":"file","effect":"require","path":"S.md"}]'},
    )
    assert saved.status_code == 302
    shown = page.get(f"/policies/{policy.id}/").content.decode()
    assert "Requires a file S.md." in shown
    version = page.get(f"/policies/{policy.id}/versions/1/").content.decode()
    assert "Forbids lodash &lt;4.17.21 (npm)." in version
