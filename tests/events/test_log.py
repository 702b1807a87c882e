"""The log of events: one row for each thing done or denied, written once and never again."""

import psycopg
import pytest
from django.db import DatabaseError, transaction

from apps.events.models import Event
from apps.events.operations import emit
from apps.events.types import Change
from apps.kernel.actor import Channel, Principal, PrincipalKind
from apps.kernel.errors import Forbidden
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as
from apps.kernel.tokens import mint
from apps.orgs.operations import update_user

pytestmark = [pytest.mark.gap("MT-H1"), pytest.mark.gap("R1-M3")]


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_the_run_time_role_cannot_change_what_happened(company, verb):
    with acting_as(company.service("tests")):
        rows = Event.objects.all()
        before = rows.count()
        attempt = (lambda: rows.update(reason="x")) if verb == "update" else rows._raw_delete
        arguments = ("default",) if verb == "delete" else ()
        with pytest.raises(DatabaseError) as caught, transaction.atomic():
            attempt(*arguments)
        assert caught.value.__cause__.sqlstate == "42501"
        assert rows.filter(reason="x").count() == 0
        assert rows.count() == before > 0


@pytest.mark.parametrize(
    "statement",
    ["UPDATE events_event SET reason = 'x'", "DELETE FROM events_event", "TRUNCATE events_event"],
)
def test_even_the_owner_cannot_change_what_happened(database_urls, statement):
    with (
        psycopg.connect(database_urls["DATABASE_OWNER_URL"]) as connection,
        pytest.raises(psycopg.Error, match=r"append-only|foreign key"),
    ):
        connection.execute(statement)


@pytest.mark.django_db
def test_an_event_says_who_for_whom_what_on_what_why_and_through_which_door(company):
    owner = Principal(kind=PrincipalKind.USER, id=str(uuid7()), name="Owner")
    actor = company.actor(
        "admin", channel=Channel.REST, on_behalf_of=(owner,), request_id="request-1"
    )
    user = company.users["viewer"]
    with acting_as(actor):
        update_user(user_id=user.id, title="Engineer")
        event = Event.objects.get(type="user.updated")
    assert (event.action, event.outcome, event.channel, event.request_id) == (
        "user.update",
        "done",
        "rest",
        "request-1",
    )
    assert (event.actor_kind, event.actor_name) == ("User", "Admin")
    assert event.on_behalf_of == [{"kind": "User", "id": owner.id, "name": "Owner"}]
    assert (event.resource_type, event.resource_id) == ("User", str(user.id))
    assert event.before == {"name": user.name, "title": ""}
    assert event.after == {"name": user.name, "title": "Engineer"}
    assert event.policies == ["role-admin"]
    assert (event.tenant_id, event.scope_id) == (company.tenant_id, company.tenant_id)


@pytest.mark.django_db
def test_a_platform_administrator_is_on_record_as_one(company):
    from dataclasses import replace

    platform = Principal(kind=PrincipalKind.USER, id=str(uuid7()), name="Platform")
    actor = replace(company.actor("viewer"), principal=platform, is_platform=True)
    with acting_as(actor):
        update_user(user_id=company.users["viewer"].id, title="Seen")
        event = Event.objects.get(type="user.updated")
    assert (event.is_platform, event.policies) == (True, ["platform-admin"])


@pytest.mark.django_db
def test_a_denial_is_one_event_with_the_policies_that_decided(company):
    user = company.users["viewer"]
    with pytest.raises(Forbidden) as caught, company.acting("developer"):
        update_user(user_id=user.id, title="Chief")
    with acting_as(company.service("tests")):
        event = Event.objects.get(outcome="denied")
    assert (event.type, event.action) == ("user.update.denied", "user.update")
    assert event.policies == list(caught.value.decision.policies)
    assert event.reason == caught.value.detail
    assert (event.before, event.after) == (None, None)


@pytest.mark.django_db
@pytest.mark.gap("OC-C2")
def test_no_secret_reaches_the_log(company):
    token = mint(kind="p", tenant_id=company.tenant_id)
    root = company.scopes["company"].as_resource()
    change = Change(
        before={"password": "correct horse battery"},
        after={"note": f"use {token.text}", "client_secret": "0123456789abcdef"},
        reason=f"leaked {token.text} by accident",
        payload={"headers": [{"authorization": f"Bearer {token.text}"}]},
    )
    with acting_as(company.service("tests")):
        event = emit("test.leaked", resource=root, change=change)
        event.refresh_from_db()
    stored = f"{event.before} {event.after} {event.reason} {event.payload}"
    assert token.text not in stored
    assert "horse" not in stored
    assert "0123456789" not in stored
    assert event.reason == f"leaked [REDACTED:…{token.tail}] by accident"
