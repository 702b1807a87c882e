"""Policies go from one scope, or one company, to another through review and nothing else."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from apps.events.models import Event
from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from apps.orgs.operations import configure_company, grant_role
from apps.policies.bundles import CarriedTest, PolicyBundle, write_bundle
from apps.policies.models import Policy, PolicyTest
from apps.policies.operations import (
    add_test,
    draft_policy,
    edit_policy,
    export_policies,
    retire_policy,
)
from apps.policies.queries import get_head
from apps.proposals.imports import Plan
from apps.proposals.models import Proposal
from apps.proposals.operations import (
    approve_proposal,
    import_policies,
    preview_import,
    reject_proposal,
)
from tests.api.rest import caller, done, refused
from tests.factories.policy import FORBID, PERMIT, make_active, make_policy, make_proposal
from tests.policies.test_bundles import QUESTION, RULES, carried
from tests.policies.test_rollbacks import enforced

pytestmark = pytest.mark.django_db


def export(company: Any, scope: str = "company", *, by: str = "admin", **given: Any) -> Any:
    with company.acting(by):
        return export_policies(scope_id=company.scopes[scope].id, **given)


def take(
    company: Any, bundle: PolicyBundle, scope: str = "company", *, by: str = "admin", **given: Any
) -> Plan:
    values = {"justification": "As in the other company.", **given}
    with company.acting(by):
        scope_id = company.scopes[scope].id
        return import_policies(scope_id=scope_id, bundle=bundle.content, **values)


def look(company: Any, bundle: PolicyBundle, scope: str = "company", **given: Any) -> Plan:
    with company.acting("admin"):
        scope_id = company.scopes[scope].id
        return preview_import(scope_id=scope_id, bundle=bundle.content, **given)


def steps(plan: Plan) -> dict[str, str]:
    return {row.carried.title: row.step.value for row in plan.rows}


def approve_all(company: Any) -> None:
    with company.acting("second_architect"):
        for proposal in Proposal.objects.filter(state="pending").order_by("number"):
            approve_proposal(proposal_id=proposal.id)


def state(company: Any) -> tuple[Any, ...]:
    """Return all that an import could change, and what was done."""
    with company.acting("tenant_admin"):
        return (
            list(Policy.objects.order_by("id").values()),
            list(Proposal.objects.order_by("id").values("id", "state", "digest")),
            list(PolicyTest.objects.order_by("id").values()),
            Event.objects.filter(outcome="done").count(),
        )


def furnished(company: Any) -> None:
    """Give a company policies of all sorts, at its top and below."""
    place = company.scopes
    active = make_active(company, name="baseline", description="For all.", severity="block")
    ruled = {"name": "rules", "cedar": "", "rules": RULES, "mode": "mandatory"}
    make_active(company, scope_id=place["platform"].id, **ruled)
    make_active(company, scope_id=place["api"].id, name="baseline", merge_strategy="merge")
    make_policy(company, name="only a draft", cedar=FORBID)
    gone = make_active(company, name="gone")
    with company.acting("architect"):
        retire_policy(policy_id=gone.id, reason="Done.")
        question = {**QUESTION, "principal": f"viewer@{company.slug}.example"}
        question["resource_id"] = company.slug
        add_test(policy_id=active.id, name="deploys", question=question, expected="deny")
        # What was not approved is nobody else's business.
        edit_policy(policy_id=active.id, cedar=FORBID)


def test_the_round_trip_loses_nothing(company: Any, other_company: Any) -> None:
    furnished(company)
    bundle = export(company, include_below=True)
    assert [one.title for one in bundle.policies] == [
        "baseline", "only a draft", "platform/rules", "platform/api/baseline",
    ]  # fmt: skip
    assert bundle.policies[0].cedar == PERMIT

    plan = take(other_company, bundle, with_tests=False)

    assert set(steps(plan).values()) == {"new"}
    assert [row.is_proposed for row in plan.rows] == [True, False, True, True]
    with other_company.acting("admin"):
        assert get_head().number == 0
    approve_all(other_company)
    again = export(other_company, include_below=True)
    untested = [replace(one, tests=()) for one in bundle.policies]
    assert again.content == write_bundle(untested).content


def test_the_same_policies_are_the_same_file(company: Any) -> None:
    furnished(company)
    assert export(company).content == export(company, by="tenant_admin").content
    assert [one.title for one in export(company, "api").policies] == ["baseline"]


def test_an_import_writes_drafts_and_proposes_each_and_puts_nothing_in_force(
    company: Any, other_company: Any
) -> None:
    furnished(company)
    bundle = export(company, "platform")
    plan = take(other_company, bundle, "web")
    (row,) = plan.rows
    with other_company.acting("admin"):
        policy = Policy.objects.get()
        proposal = Proposal.objects.get()
        event = Event.objects.filter(type="policy.imported").get()
    assert (policy.name, policy.state, policy.rules) == ("rules", "draft", RULES)
    assert policy.scope_id == other_company.scopes["web"].id
    assert policy.mode == "mandatory"
    assert (proposal.policy_id, proposal.state) == (policy.id, "pending")
    assert proposal.justification == "As in the other company."
    assert proposal.author_id == other_company.users["admin"].id
    assert row.proposal == proposal
    assert (event.payload["digest"], event.payload["proposals"]) == (bundle.digest, [1])
    with other_company.acting("admin"), pytest.raises(Forbidden):
        approve_proposal(proposal_id=proposal.id)


def test_importing_twice_proposes_nothing_new(company: Any, other_company: Any) -> None:
    furnished(company)
    bundle = export(company)
    take(other_company, bundle, with_tests=False)
    waiting = take(other_company, bundle, with_tests=False)
    assert steps(waiting) == {"baseline": "waiting", "only a draft": "equal"}
    assert waiting.rows[0].proposal.number == 1
    approve_all(other_company)
    equal = take(other_company, bundle, with_tests=False)
    assert set(steps(equal).values()) == {"equal"}
    with other_company.acting("admin"):
        assert Proposal.objects.count() == 1
        assert Policy.objects.count() == 2


def test_what_a_scope_exported_is_equal_there(company: Any) -> None:
    furnished(company)
    before = state(company)
    plan = look(company, export(company, include_below=True))
    assert set(steps(plan).values()) == {"equal"}
    assert state(company)[:3] == before[:3]


def test_a_policy_that_says_something_else_is_changed_by_a_proposal(company: Any) -> None:
    policy = make_active(company)
    bundle = write_bundle([carried(cedar=FORBID, severity="block", description="Stricter.")])
    plan = take(company, bundle)
    (row,) = plan.rows
    assert (row.step, row.edits) == ("changed", ("cedar", "severity", "description"))
    assert row.notes == ()
    assert enforced(company) == [PERMIT]
    approve_all(company)
    assert enforced(company) == [FORBID]
    with company.acting("admin"):
        now = Policy.objects.get(id=policy.id)
    assert (now.active_version, now.severity, now.description) == (2, "block", "Stricter.")


def test_other_work_on_the_working_copy_is_told_before_it_is_replaced(company: Any) -> None:
    policy = make_active(company)
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, mode="mandatory")
    bundle = write_bundle([carried(cedar=FORBID)])
    (row,) = look(company, bundle).rows
    assert row.notes == ("Its working copy says something that is not in force; that is replaced.",)
    assert row.edits == ("cedar", "mode", "description")


def test_what_waits_for_a_decision_is_not_overtaken(company: Any) -> None:
    make_proposal(company)
    bundle = write_bundle([carried(cedar=FORBID)])
    before = state(company)
    with pytest.raises(Conflict) as error:
        take(company, bundle)
    assert error.value.fields == {
        "bundle": ["baseline: #1 baseline waits for a decision on it and says something else."]
    }
    assert state(company) == before


def test_what_was_rejected_is_proposed_again_by_another_import(company: Any) -> None:
    bundle = write_bundle([carried()])
    (row,) = take(company, bundle).rows
    with company.acting("second_architect"):
        reject_proposal(proposal_id=row.proposal.id, reason="Not yet.")
    (again,) = take(company, bundle).rows
    assert (again.step, again.edits, again.is_proposed) == ("changed", (), True)
    assert again.proposal.number == 2


def test_a_proposal_of_the_same_by_somebody_else_is_enough(company: Any) -> None:
    make_proposal(company, description="What holds everywhere.")
    (row,) = take(company, write_bundle([carried()])).rows
    assert (row.step, row.is_proposed, row.proposal.number) == ("waiting", False, 1)
    with company.acting("admin"):
        assert Proposal.objects.count() == 1


def test_a_draft_of_the_bundle_only_changes_the_working_copy(company: Any) -> None:
    make_active(company, description="What holds everywhere.")
    bundle = write_bundle([carried(cedar=FORBID, is_in_force=False)])
    (row,) = take(company, bundle).rows
    assert (row.step, row.is_proposed) == ("changed", False)
    assert row.notes == ("Only the working copy changes; what is in force stays.",)
    assert enforced(company) == [PERMIT]
    with company.acting("admin"):
        assert Policy.objects.get().cedar == FORBID
        assert not Proposal.objects.filter(state="pending").exists()


def test_what_is_out_of_force_comes_back_by_a_proposal(company: Any) -> None:
    policy = make_active(company)
    with company.acting("architect"):
        retire_policy(policy_id=policy.id, reason="Done.")
    (row,) = take(company, write_bundle([carried()])).rows
    assert row.notes[-1] == "It is out of force here; the proposal asks for it to come back."
    assert enforced(company) == []
    approve_all(company)
    assert enforced(company) == [PERMIT]


def test_tests_go_along_and_others_stay(company: Any) -> None:
    policy = make_active(company, description="What holds everywhere.")
    with company.acting("architect"):
        add_test(policy_id=policy.id, name="own", question=QUESTION, expected="deny")
    test = CarriedTest(name="theirs", question=QUESTION, expected="deny")
    (row,) = take(company, write_bundle([carried(tests=(test,))])).rows
    assert (row.step, row.edits, row.tests, row.is_proposed) == ("changed", (), (test,), False)
    with company.acting("admin"):
        assert set(PolicyTest.objects.values_list("name", flat=True)) == {"own", "theirs"}
    assert set(steps(take(company, write_bundle([carried(tests=(test,))]))).values()) == {"equal"}


def test_everything_that_is_wrong_is_named_at_once_and_nothing_changes(company: Any) -> None:
    policy = make_active(company, name="tested", description="What holds everywhere.")
    make_active(company, name="strict", mode="mandatory", description="What holds everywhere.")
    with company.acting("architect"):
        add_test(policy_id=policy.id, name="deploys", question=QUESTION, expected="deny")
    other = CarriedTest(name="deploys", question=QUESTION, expected="allow")
    nobody = {**QUESTION, "principal": "nobody@acme.example"}
    bundle = write_bundle(
        [
            carried("fine"),
            carried("broken", cedar="permit (principal, action, resource)\nwhen { x };"),
            carried("nowhere", path="sales/emea"),
            carried("strict", path="platform", merge_strategy="override"),
            carried("tested", tests=(other,)),
            carried("asks", tests=(CarriedTest(name="t", question=nobody, expected="deny"),)),
        ]
    )
    before = state(company)
    with pytest.raises(Conflict) as error:
        take(company, bundle)
    found = error.value.fields["bundle"]
    assert [text.split(":")[0] for text in found] == [
        "asks", "broken", "tested", "platform/strict", "sales/emea/nowhere",
    ]  # fmt: skip
    assert "asks: Its test t cannot be asked here: There is nobody of that name." in found
    assert found[1].startswith("broken: line 2, column 8: ")
    assert found[2] == "tested: Its test deploys asks or expects something else here."
    assert "strict" in found[3]
    assert found[4] == "sales/emea/nowhere: There is no scope sales/emea below Acme."
    assert state(company) == before
    plan = look(company, bundle)
    assert (plan.refusals, plan.counts["refused"], plan.counts["new"]) == (found, 5, 1)


def test_names_that_mean_nothing_here_are_told(company: Any) -> None:
    cedar = 'permit (principal == User::"ann@else.example", action, resource in Scope::"acme");\n'
    (row,) = look(company, write_bundle([carried(cedar=cedar)])).rows
    assert row.notes == ('It names what nobody here is called: User::"ann@else.example".',)


def test_what_was_not_seen_is_not_done(company: Any) -> None:
    policy = make_active(company)
    bundle = write_bundle([carried(cedar=FORBID)])
    seen = look(company, bundle).digest
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, description="Meanwhile.")
    before = state(company)
    with pytest.raises(Stale, match="has changed since it was shown"):
        take(company, bundle, expected_plan=seen)
    assert state(company) == before
    take(company, bundle, expected_plan=look(company, bundle).digest)


def test_only_administrators_of_the_place_export_and_import(company: Any) -> None:
    make_active(company)
    bundle = export(company)
    before = state(company)
    for who in ("architect", "viewer", "outsider"):
        with pytest.raises(Forbidden):
            export(company, by=who)
        with pytest.raises(Forbidden):
            take(company, bundle, by=who)
    assert state(company)[:3] == before[:3]


def test_what_one_may_not_do_below_is_neither_exported_nor_imported_there(company: Any) -> None:
    make_active(company)
    make_active(company, scope_id=company.scopes["platform"].id, name="below")
    with company.acting("tenant_admin"):
        platform = company.scopes["platform"].id
        grant_role(user_id=company.users["admin"].id, scope_id=platform, role="viewer")
        configure_company(role_resolution="least_permissive")
    bundle = export(company, include_below=True)
    assert [one.title for one in bundle.policies] == ["baseline"]
    before = state(company)
    with pytest.raises(Forbidden):
        take(company, write_bundle([carried(path="platform")]))
    assert state(company) == before


def test_another_companys_scope_is_not_there(company: Any, other_company: Any) -> None:
    make_active(company)
    bundle = export(company)
    theirs = other_company.scopes["company"].id
    with company.acting("admin"), pytest.raises(NotFound):
        export_policies(scope_id=theirs)
    with company.acting("admin"), pytest.raises(NotFound):
        import_policies(scope_id=theirs, bundle=bundle.content, justification="Mine.")


def test_a_damaged_bundle_changes_nothing(company: Any) -> None:
    bundle = write_bundle([carried()])
    before = state(company)
    with pytest.raises(Invalid) as error:
        take(company, replace(bundle, content=bundle.content[:-30]))
    assert error.value.fields == {"bundle": ["This is not a zip file, or it is damaged."]}
    assert state(company) == before


def test_a_scope_without_policies_has_nothing_to_export(company: Any) -> None:
    with pytest.raises(Conflict, match="Web has no policy to export"):
        export(company, "web")


def test_an_export_leaves_its_digest_in_the_log(company: Any) -> None:
    make_active(company)
    bundle = export(company)
    with company.acting("admin"):
        event = Event.objects.get(type="policy.exported")
    assert event.payload == {"digest": bundle.digest, "policies": 1, "include_below": False}


def test_rest_exports_previews_and_imports(company: Any, other_company: Any) -> None:
    make_active(company)
    ours, theirs = company.scopes["company"].id, other_company.scopes["company"].id
    out = done(caller(company, "admin").post(f"scopes/{ours}/export-policies", {}))
    assert out["file_name"] == f"acme-policies-{out['digest'][7:15]}.zip"
    assert base64.b64decode(out["bundle"]) == export(company).content
    person = caller(other_company, "admin")
    body = {"bundle": out["bundle"]}
    seen = done(person.post(f"scopes/{theirs}/import-policies/preview", body))
    assert (seen["digest"], seen["counts"]["new"]) == (out["digest"], 1)
    before = state(other_company)
    body |= {"justification": "As over there.", "expected_plan": seen["plan"]}
    dry = {"Aeterna-Dry-Run": "true"}
    done(person.post(f"scopes/{theirs}/import-policies", body, headers=dry))
    assert state(other_company) == before
    told = done(person.post(f"scopes/{theirs}/import-policies", body))
    (row,) = told["policies"]
    assert (row["step"], row["is_proposed"], row["problems"]) == ("new", True, [])
    assert done(person.get(f"proposals/{row['proposal_id']}"))["policy"]["id"] == row["policy_id"]
    refused(person.post(f"scopes/{theirs}/import-policies", body), 412)
    body["bundle"] = "!"
    refused(person.post(f"scopes/{theirs}/import-policies", body), 422, "bundle")


def test_somebody_elses_draft_of_that_name_is_shown_and_proposed(company: Any) -> None:
    with company.acting("architect"):
        scope_id = company.scopes["company"].id
        draft = draft_policy(scope_id=scope_id, name="baseline", cedar=PERMIT)
    (row,) = take(company, write_bundle([carried(description="")])).rows
    assert (row.step, row.edits, row.policy.id) == ("changed", (), draft.id)
    with company.acting("admin"):
        assert Proposal.objects.get().policy_id == draft.id
