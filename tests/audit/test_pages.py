"""The audit page: filters in its address, entries in full, and the log as a file."""

import csv
import io

import pytest

from apps.audit.queries import list_audit
from apps.events.models import Event
from apps.kernel.errors import Forbidden
from apps.orgs import operations as orgs
from tests.web.sign_in import browser


def rename(company, name: str = "Api 2") -> Event:
    with company.acting("architect"):
        orgs.update_scope(scope_id=company.scopes["api"].id, name=name)
    with company.acting("admin"):
        return list_audit().filter(type="scope.updated").first()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_tech_lead_reads_entries_with_the_change_and_the_policies(company):
    event = rename(company)
    client = browser(company, "tech_lead")
    assert b"Api 2" in client.get("/audit/?action=scope.update").content
    part = client.get(f"/audit/{event.id}/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    for content in (part, client.get(f"/audit/{event.id}/").content.decode()):
        assert "before: </span>API" in content
        assert "role-architect" in content
        assert event.request_id in content


def test_chips_name_the_filters_and_take_each_away(company):
    event = rename(company)
    scope = company.scopes["platform"].id
    path = f"/audit/?action=scope.update&scope={scope}&actor={event.actor_id}&period=24h&q=api"
    answer = browser(company, "tech_lead").get(path)
    chips = {chip["name"]: chip for chip in answer.context["bar"]["chips"]}
    assert {name: chip["value"] for name, chip in chips.items()} == {
        "Text": "api",
        "Actor": "Architect",
        "Action": "scope.update",
        "Within": "Platform",
        "When": "Last 24 hours",
    }
    assert "scope=" not in chips["Within"]["remove_url"]
    assert "action=scope.update" in chips["Within"]["remove_url"]
    assert [event.type for event in answer.context["page"].rows] == ["scope.updated"]


def test_who_may_not_view_the_log_is_denied_on_record(company):
    event = rename(company)
    client = browser(company, "viewer")
    assert client.get("/audit/").status_code == 403
    assert client.get(f"/audit/{event.id}/").status_code == 404
    with company.acting("admin"):
        assert Event.objects.filter(type="audit.view.denied").count() == 1


def test_another_companys_entry_is_not_found(company, other_company):
    event = rename(other_company)
    client = browser(company, "tenant_admin")
    assert client.get(f"/audit/{event.id}/").status_code == 404
    assert client.get(f"/audit/?scope={other_company.scopes['api'].id}").status_code == 404
    assert client.get(f"/audit/?resource={event.resource_id}").context["page"].rows == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("scope=nonsense", "scope"),
        ("outcome=maybe", "outcome"),
        ("period=1y", "period"),
        ("since=yesterday", "since"),
        ("until=2026-13-01", "until"),
        ("q=%00", "q"),
        ("actor=" + "x" * 65, "actor"),
        ("cursor=nonsense", "cursor"),
        ("cursor=WyJmIiwgIm5vLXV1aWQiXQ", "cursor"),
    ],
)
def test_a_malformed_filter_is_named(company, query, field):
    answer = browser(company, "tech_lead").get(f"/audit/?{query}")
    assert answer.status_code == 422
    assert f"{field}:".encode() in answer.content


def test_the_file_holds_what_the_page_filters_with_formulas_defused(company):
    rename(company, '=HYPERLINK("http://evil.example")')
    client = browser(company, "admin")
    answer = client.get("/audit/?action=scope.update&format=csv")
    text = b"".join(answer.streaming_content).decode()
    [row] = rows_of(text)
    assert row["resource_name"] == '\'=HYPERLINK("http://evil.example")'
    assert row["actor_name"] == "Architect"
    assert row["policies"] == "role-architect"


def test_a_long_file_comes_in_pages_and_misses_nothing(company, monkeypatch):
    monkeypatch.setattr("apps.audit.entrypoints.web.CHUNK", 3)
    with company.acting("admin"):
        expected = [str(item) for item in list_audit().values_list("id", flat=True)]
    answer = browser(company, "admin").get("/audit/?format=csv")
    text = b"".join(answer.streaming_content).decode()
    assert [row["id"] for row in rows_of(text)] == expected
    assert len(expected) > 9


def test_exporting_is_for_administrators(company):
    client = browser(company, "tech_lead")
    assert client.get("/audit/?format=csv").status_code == 403
    assert b"format=csv" not in client.get("/audit/").content
    assert b"format=csv" in browser(company, "admin").get("/audit/").content


def test_a_denial_is_shown_as_one(company):
    with pytest.raises(Forbidden), company.acting("developer"):
        orgs.update_scope(scope_id=company.scopes["web"].id, name="Mine")
    client = browser(company, "tech_lead")
    answer = client.get("/audit/?outcome=denied")
    assert "was denied scope.update on" in answer.content.decode()
    [event] = answer.context["page"].rows
    assert b"no policy permits it" in client.get(f"/audit/{event.id}/").content


def test_an_objects_history_is_on_its_page_for_who_may_read_the_log(company):
    rename(company)
    path = f"/organization/scopes/{company.scopes['api'].id}/history/"
    assert b"Api 2" in browser(company, "tech_lead").get(path).content
    content = browser(company, "viewer").get(path).content.decode()
    assert "The history is kept for reviewers" in content
