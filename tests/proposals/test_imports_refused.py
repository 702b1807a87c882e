"""What an import refuses, and the doors to it."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from apps.events.models import Event
from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from apps.orgs.operations import configure_company, grant_role
from apps.policies.bundles import CarriedTest, write_bundle
from apps.policies.operations import (
    add_test,
    draft_policy,
    edit_policy,
    export_policies,
)
from apps.proposals.models import Proposal
from apps.proposals.operations import (
    import_policies,
)
from tests.api.rest import caller, done, refused
from tests.factories.policy import FORBID, PERMIT, make_active
from tests.policies.test_bundles import QUESTION, carried
from tests.proposals.bundles import export, look, state, take

pytestmark = pytest.mark.django_db


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
