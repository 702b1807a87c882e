"""What stock OPAL clients ask and are told, frame by frame, as opal-client 0.9.9 sends it."""

from typing import Any

import pytest
from django.test import Client

from apps.fleet import operations, queries
from apps.fleet.models import CedarAgent
from apps.fleet.types import AgentHealth, AgentProtocol
from apps.kernel.errors import Conflict, Invalid
from apps.policies import queries as policies
from tests.factories.company import TestCompany
from tests.factories.policy import PERMIT, make_active


def enroll(company: TestCompany, name: str = "stock") -> tuple[CedarAgent, str]:
    with company.acting("admin"):
        return operations.enroll_agent(name=name, protocol=AgentProtocol.OPAL)


def ask(token: str, address: str, **query: Any) -> tuple[int, Any]:
    answer = Client().get(f"/opal/{address}", query, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.json()


def report(token: str, body: Any) -> tuple[int, Any]:
    answer = Client().post(
        "/opal/data/callback_report",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    return answer.status_code, answer.json()


def saved(entry: dict[str, Any], *, is_saved: bool = True) -> dict[str, Any]:
    """Return the report that a client makes of an entry; it tells all of what it was told."""
    one = {"entry": {**entry, "data": None}, "fetched": True, "saved": is_saved, "hash": "0"}
    return {"update_id": "u", "reports": [one], "policy_hash": None, "user_data": {}}


def taken(digest: str) -> dict[str, Any]:
    return {"update_id": None, "reports": [], "policy_hash": digest, "user_data": {}}


def fresh(company: TestCompany, agent: CedarAgent) -> CedarAgent:
    with company.acting("admin"):
        return CedarAgent.objects.get(id=agent.id)


def answers(company: TestCompany, agent: CedarAgent) -> list[tuple[int, bool]]:
    with company.acting("admin"):
        rows = queries.list_acknowledgements(agent.id).order_by("id")
        return list(rows.values_list("revision", "is_accepted"))


def head_of(company: TestCompany) -> Any:
    with company.acting("admin"):
        return policies.load_bundle(policies.get_head().number)


def test_the_policies_are_asked_for_whole_or_since_a_known_hash(company):
    policy = make_active(company)
    _, token = enroll(company)
    head = head_of(company)

    status, whole = ask(token, "policy")
    same = ask(token, "policy", path=".", base_hash=head.digest)[1]
    unknown = ask(token, "policy", path=".", base_hash="sha256:" + "0" * 64)[1]

    assert status == 200
    text = {"path": str(policy.id), "package_name": str(policy.id), "rego": PERMIT.strip()}
    assert whole == {
        "manifest": [str(policy.id)],
        "hash": head.digest,
        "old_hash": None,
        "data_modules": [],
        "policy_modules": [text],
        "deleted_files": None,
    }
    assert (same["policy_modules"], same["old_hash"], same["hash"]) == (
        [],
        head.digest,
        head.digest,
    )
    assert unknown == whole


def test_the_entities_replace_all_and_are_fetched_with_the_clients_own_token(company, settings):
    settings.PUBLIC_URL = "https://portal.example"
    make_active(company)
    _, token = enroll(company)
    number = head_of(company).revision

    status, config = ask(token, "data/config")

    assert status == 200
    assert config == {
        "entries": [
            {
                "url": f"https://portal.example/opal/data/entities?revision={number}",
                "config": {"headers": {"Authorization": f"Bearer {token}"}},
                "topics": ["policy_data"],
                "dst_path": "",
                "save_method": "PUT",
            }
        ]
    }
    assert ask(token, "data/entities", revision=number) == (200, head_of(company).entities)


def test_before_the_first_revision_there_is_nothing_to_take(company):
    _, token = enroll(company)
    if head_number := policies_number(company):
        pytest.fail(f"the company starts at revision {head_number}")
    bundle = ask(token, "policy")[1]
    assert (bundle["hash"], bundle["policy_modules"], bundle["old_hash"]) == ("none", [], None)
    assert ask(token, "data/config") == (200, {"entries": []})
    assert ask(token, "data/entities") == (200, [])
    assert report(token, taken("none"))[0] == 200


def policies_number(company: TestCompany) -> int:
    with company.acting("admin"):
        return policies.get_head().number


@pytest.mark.parametrize("path", ["policy", "data"])
def test_only_the_companys_own_opal_scope_is_answered(company, other_company, path):
    make_active(company)
    _, token = enroll(company)
    for scope in (company.slug, str(company.tenant_id)):
        assert ask(token, f"scopes/{scope}/{path}")[0] == 200
    for scope in (other_company.slug, str(other_company.tenant_id), "nothing"):
        detail = "There is no such OPAL scope: it is the company's id or slug."
        assert ask(token, f"scopes/{scope}/{path}") == (404, {"detail": detail})


def test_a_scoped_clients_entry_has_the_topic_that_it_follows(company):
    make_active(company)
    _, token = enroll(company)
    entry = ask(token, f"scopes/{company.slug}/data")[1]["entries"][0]
    assert entry["topics"] == [f"{company.slug}:data:policy_data"]


def test_another_directory_is_not_there(company):
    make_active(company)
    _, token = enroll(company)
    detail = "All policies are in the directory .: subscribe to no other."
    assert ask(token, "policy", path="rego") == (404, {"detail": detail})


@pytest.mark.parametrize("path", ["policy", "data/config", "data/entities", "loadlimit"])
def test_a_token_that_is_no_live_opal_clients_gets_nothing(company, path):
    make_active(company)
    agent, token = enroll(company)
    with company.acting("admin"):
        _, native = operations.enroll_agent(name="own")
    assert ask(token, path)[0] == 200
    with company.acting("admin"):
        operations.revoke_agent(agent_id=agent.id, reason="lost")
    for wrong in (token, native, "", "x", f"aet_c_{company.tenant_id.hex}_x"):
        assert ask(wrong, path) == (401, {"detail": "Unknown token."})


def test_a_client_is_current_once_it_reported_both_parts_of_the_head(company):
    make_active(company)
    agent, token = enroll(company)
    head = head_of(company)
    entry = ask(token, "data/config")[1]["entries"][0]

    assert report(token, taken(head.digest)) == (200, {})
    assert answers(company, agent) == []
    assert report(token, saved(entry)) == (200, {})

    assert answers(company, agent) == [(head.revision, True)]
    assert fresh(company, agent).digest == head.digest
    # Told again, it is the same acknowledgement.
    assert report(token, saved(entry)) == (200, {})
    assert answers(company, agent) == [(head.revision, True)]


def test_entities_that_were_not_saved_are_a_refusal_until_they_are(company):
    make_active(company)
    agent, token = enroll(company)
    head = head_of(company)
    entry = ask(token, "data/config")[1]["entries"][0]
    report(token, taken(head.digest))

    assert report(token, saved(entry, is_saved=False)) == (200, {})
    refused = fresh(company, agent)
    assert refused.refused_revision == head.revision
    assert refused.refusal == (
        "report: The client reports that it could not fetch or save the entities."
    )
    assert report(token, saved(entry)) == (200, {})
    assert fresh(company, agent).refused_revision is None
    assert answers(company, agent) == [(head.revision, False), (head.revision, True)]


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ("{", 422, "The report is not JSON."),
        ("[" * 100_000, 422, "The report is not JSON."),
        ({"reports": {}}, 422, "reports: a list of at most 500."),
        ({"reports": [], "policy_hash": 1}, 422, "policy_hash: a text."),
        (
            saved({"url": "http://x/opal/data/entities?revision=99"}),
            404,
            "There is no revision 99.",
        ),
    ],
)
def test_a_report_that_cannot_be_true_changes_nothing(company, body, status, detail):
    make_active(company)
    agent, token = enroll(company)
    before = fresh(company, agent).__dict__
    assert report(token, body) == (status, {"detail": detail})
    after = fresh(company, agent).__dict__
    assert {k: v for k, v in after.items() if k != "_state"} == {
        k: v for k, v in before.items() if k != "_state"
    }


@pytest.mark.parametrize(
    "url", ["http://x/other?revision=1", "http://[", "http://x/opal/data/entities?revision=x", 7]
)
def test_a_report_of_another_source_says_nothing(company, url):
    make_active(company)
    agent, token = enroll(company)
    assert report(token, saved({"url": url})) == (200, {})
    assert answers(company, agent) == []


def test_a_client_of_opal_has_no_lease_to_work_offline_with(company):
    words = "An OPAL client knows no lease: without the portal it decides for ever."
    agent, _ = enroll(company)
    with company.acting("admin"):
        with pytest.raises(Invalid) as refused:
            operations.enroll_agent(name="x", works_offline=True, protocol=AgentProtocol.OPAL)
        with pytest.raises(Conflict, match="knows no lease"):
            operations.update_agent(agent_id=agent.id, works_offline=True)
        assert refused.value.fields == {"works_offline": [words]}
        assert list(CedarAgent.objects.values_list("name", "works_offline")) == [("stock", False)]


def test_the_page_says_what_an_opal_client_cannot_prove(company):
    from tests.web.sign_in import browser

    make_active(company)
    answer = browser(company, "admin").post("/fleet/enroll/", {"name": "stock", "protocol": "opal"})
    assert "OPAL_SERVER_URL=" in answer.context["commands"]
    with company.acting("admin"):
        agent = CedarAgent.objects.get()
        assert (agent.protocol, queries.standing_of(agent).health) == ("opal", AgentHealth.NEVER)
    page = browser(company, "admin").get(f"/fleet/agents/{agent.id}/").content.decode()
    assert "It reports what it saved, not what it enforces" in page
    assert "Let it work offline" not in page
