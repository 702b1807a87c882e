"""The audit log over REST: filters, the file, and what it costs."""

import csv
import io
from datetime import timedelta
from uuid import uuid4

import pytest

from apps.events.models import Event
from apps.kernel import clock
from apps.orgs.operations import create_organization
from tests.api.rest import caller, done, refused

pytestmark = pytest.mark.django_db


def types(answer):
    return [event["type"] for event in done(answer)["results"]]


def rows_of(answer):
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_each_filter_narrows_the_list(company, admin):
    refused(
        admin.post("scopes/teams", {"name": "T", "slug": "t", "parent_id": "x"}), 422, "parent_id"
    )
    place = f"scopes/{company.scopes['gateway'].id}"
    answer = admin.patch(place, {"name": "Edge"})
    done(answer)
    user = company.users["tenant_admin"]
    assert types(admin.get("events", action="scope.update")) == ["scope.updated"]
    assert types(admin.get("events", resource_id=str(company.scopes["gateway"].id))) == [
        "scope.updated", "project.created",
    ]  # fmt: skip
    request_id = answer.headers["X-Request-Id"]
    assert types(admin.get("events", request_id=request_id)) == ["scope.updated"]
    assert types(admin.get("events", resource_type="Scope", actor_id=str(user.id), limit=1)) == [
        "scope.updated"
    ]
    below = types(admin.get("events", scope_id=str(company.scopes["api"].id)))
    assert below == ["scope.updated", "role.granted", "project.created", "team.created"]
    assert types(admin.get("events", q="edge")) == ["scope.updated"]
    refused(caller(company, "viewer").post("scopes/organizations", {"name": "D", "slug": "d"}), 403)
    assert types(admin.get("events", outcome="denied")) == ["org.init.denied"]
    assert types(admin.get("events", since=(clock.now() + timedelta(hours=1)).isoformat())) == []
    assert len(types(admin.get("events", until=clock.now().isoformat(), limit=200))) > 10


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("since", "yesterday"),
        ("since", "2026-01-01"),
        ("since", "2026-01-01T00:00:00"),
        ("since", "2026-13-01T00:00:00Z"),
        ("since", "9999-12-31T23:59:59Z"),
        ("until", "0"),
        ("outcome", "maybe"),
        ("scope_id", "company"),
        ("actor_id", "x" * 81),
        ("q", "x" * 201),
        ("action", "a\x00b"),
        ("format", "xml"),
        ("actor", "somebody"),
    ],
)
def test_a_filter_that_means_nothing_is_named(admin, name, value):
    refused(admin.get("events", **{name: value}), 422, name)


def test_one_event_is_told_with_what_changed(company, admin):
    place = f"scopes/{company.scopes['gateway'].id}"
    done(admin.patch(place, {"name": "Edge"}))
    listed = done(admin.get("events", action="scope.update"))["results"][0]
    event = done(admin.get(f"events/{listed['id']}"))
    assert (event["before"]["name"], event["after"]["name"]) == ("Gateway", "Edge")
    assert (event["channel"], event["outcome"]) == ("rest", "done")


@pytest.mark.parametrize("how", [{"format": "csv"}, {"headers": {"Accept": "text/csv"}}])
def test_the_whole_log_is_a_file_for_whoever_may_export(company, admin, how):
    rows = rows_of(admin.get("events", **how))
    with company.acting("tenant_admin"):
        ids = [str(i) for i in Event.objects.order_by("-id").values_list("id", flat=True)]
    assert [row["id"] for row in rows] == ids
    refused(caller(company, "architect").get("events", **how), 403)


def test_the_file_of_a_scope_that_leads_nowhere_is_refused_by_name(admin, other_company):
    for scope_id in (str(uuid4()), str(other_company.tenant_id)):
        refused(admin.get("events", format="csv", scope_id=scope_id), 422, "scope_id")


def test_the_file_goes_on_over_its_pages_and_keeps_the_filters(company, admin, monkeypatch):
    from apps.audit.entrypoints import rest

    monkeypatch.setattr(rest, "CSV_PAGE", 3)
    rows = rows_of(admin.get("events", format="csv", action="user.register"))
    assert len(rows) == len(company.users)
    assert {row["action"] for row in rows} == {"user.register"}


def test_the_file_cannot_run_in_a_spreadsheet(company, admin):
    with company.acting("tenant_admin"):
        create_organization(name="=HYPERLINK(1)", slug="evil")
    rows = rows_of(admin.get("events", format="csv", action="org.init"))
    assert rows[0]["resource_name"] == "'=HYPERLINK(1)"


@pytest.mark.parametrize("path", ["events", "scopes", "users", "policies", "role-grants"])
def test_a_list_costs_as_many_queries_for_fifty_rows_as_for_one(
    company, admin, path, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    done(admin.get(path))
    with CaptureQueriesContext(
        connection,
    ) as one:
        done(admin.get(path, limit=1))
    with CaptureQueriesContext(connection) as many:
        done(admin.get(path, limit=50))
    assert len(many) == len(one)
    with django_assert_max_num_queries(8):
        done(admin.get(path, limit=50))
