"""The session store: what the cookie is, what the table knows, and when a session ends."""

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.base import UpdateError

from apps.identity import operations, queries
from apps.identity.models import Session
from apps.identity.sessions import SessionStore, hashed
from apps.identity.types import SignInMethod
from apps.kernel import clock
from apps.kernel.errors import Forbidden, NotFound
from apps.kernel.tenancy import acting_as
from apps.orgs.operations import deactivate_user
from tests.identity.conftest import events_of

pytestmark = pytest.mark.django_db


def started(company, role="developer", **facts):
    session = SessionStore()
    with acting_as(company.service("sign-in")):
        operations.start_session(
            user_id=company.users[role].id,
            session=session,
            method=SignInMethod(name="password", **facts),
        )
    return session


def test_a_session_is_found_again_by_its_cookie_only():
    session = SessionStore()
    session["answer"] = 42
    session.save()
    assert SessionStore(session.session_key)["answer"] == 42
    assert SessionStore(hashed(session.session_key)).get("answer") is None


def test_the_table_holds_neither_the_cookie_nor_the_data():
    session = SessionStore()
    session["secret"] = "the quick brown fox"
    session.create()
    row = Session.objects.get(session_key=hashed(session.session_key))
    assert session.session_key not in (row.session_key, row.session_data)
    assert SessionStore("another-key-of-some-length").decode(row.session_data) == {}


def test_a_session_can_be_saved_many_times_and_keeps_when_it_started(company):
    session = started(company)
    before = Session.objects.get(session_key=hashed(session.session_key)).created_at
    for number in range(3):
        session["number"] = number
        session.save()
    row = Session.objects.get(session_key=hashed(session.session_key))
    assert row.created_at == before
    assert SessionStore(session.session_key)["number"] == 2


def test_cycling_the_key_keeps_the_data_and_ends_the_old_key():
    session = SessionStore()
    session["kept"] = True
    session.save()
    old = session.session_key
    session.cycle_key()
    session.save()
    assert session.session_key != old
    assert SessionStore(session.session_key)["kept"] is True
    assert not SessionStore().exists(old)
    assert SessionStore().exists(session.session_key)


def test_a_key_the_server_did_not_make_is_never_taken_up():
    session = SessionStore("chosen-by-an-attacker-0123456789")
    session["planted"] = True
    session.save()
    assert session.session_key != "chosen-by-an-attacker-0123456789"
    assert not SessionStore().exists("chosen-by-an-attacker-0123456789")


def test_flushing_deletes_the_row():
    session = SessionStore()
    session.save()
    old = session.session_key
    session.flush()
    assert not SessionStore().exists(old)
    assert session.session_key is None


def test_an_ended_session_is_not_resurrected_by_a_request_still_running(company):
    session = started(company)
    SessionStore(session.session_key).delete()
    session["late"] = True
    with pytest.raises(UpdateError):
        session.save()


def test_an_expired_session_is_nobody(company):
    session = started(company)
    with clock.at(clock.now() + timedelta(days=31)):
        assert SessionStore(session.session_key).get("user_id") is None


def test_the_rows_of_expired_sessions_are_cleared_and_no_others(company):
    from apps.identity.entrypoints.tasks import end_expired_sessions

    ended, live = started(company), started(company)
    Session.objects.filter(session_key=hashed(ended.session_key)).update(
        expire_date=clock.now() - timedelta(seconds=1)
    )
    end_expired_sessions()
    assert not SessionStore().exists(ended.session_key)
    assert SessionStore().exists(live.session_key)


async def test_the_store_works_for_asynchronous_doors_too(company):
    session = SessionStore()
    await session.aset("answer", 42)
    await session.asave()
    again = SessionStore(session.session_key)
    assert await again.aget("answer") == 42
    assert await again.aexists(session.session_key)
    await again.adelete()
    assert not await again.aexists(session.session_key)


def test_starting_a_session_drops_what_was_there_and_records_who_and_how(company):
    session = SessionStore()
    session["planted"] = True
    session.save()
    before = session.session_key
    with acting_as(company.service("sign-in")):
        operations.start_session(
            user_id=company.users["viewer"].id,
            session=session,
            method=SignInMethod(name="okta", issuer="https://op", subject="s", sid="1"),
        )
    assert session.session_key != before
    assert "planted" not in session
    row = Session.objects.get(session_key=hashed(session.session_key))
    assert (row.tenant_id, row.user_id) == (company.tenant_id, company.users["viewer"].id)
    assert (row.issuer, row.subject, row.sid, row.method) == ("https://op", "s", "1", "okta")
    (event,) = events_of(company, "session.started")
    assert event.resource_id == str(company.users["viewer"].id)
    assert event.after == {"method": "okta", "issuer": "https://op", "address": None}


def test_a_deactivated_person_gets_no_session_and_that_is_on_record(company):
    with company.acting("admin"):
        deactivate_user(user_id=company.users["viewer"].id)
    with pytest.raises(Forbidden, match="deactivated"):
        started(company, "viewer")
    assert not Session.objects.filter(user_id=company.users["viewer"].id).exists()
    (event,) = events_of(company, "session.start.denied")
    assert event.reason == "This account is deactivated."


def test_nobody_but_the_service_may_start_a_session(company):
    with pytest.raises(Forbidden), company.acting("tenant_admin"):
        operations.start_session(
            user_id=company.users["viewer"].id,
            session=SessionStore(),
            method=SignInMethod(name="password"),
        )
    assert not Session.objects.filter(user_id=company.users["viewer"].id).exists()


def test_a_person_sees_their_own_sessions_only_and_ends_one(company):
    first, second = started(company), started(company)
    started(company, "viewer")
    with company.acting("developer"):
        rows = list(queries.list_own_sessions())
        assert {row.session_key for row in rows} == {
            hashed(first.session_key),
            hashed(second.session_key),
        }
        operations.end_session(session_id=hashed(first.session_key), reason="Lost laptop.")
    assert not SessionStore().exists(first.session_key)
    assert SessionStore().exists(second.session_key)
    (event,) = events_of(company, "session.ended")
    assert (event.actor_id, event.reason) == (str(company.users["developer"].id), "Lost laptop.")


def test_nobody_ends_the_session_of_somebody_else(company):
    session = started(company)
    with pytest.raises(Forbidden), company.acting("tenant_admin"):
        operations.end_session(session_id=hashed(session.session_key))
    assert SessionStore().exists(session.session_key)


def test_a_session_of_another_company_does_not_exist(company, other_company):
    session = started(company)
    with pytest.raises(NotFound), acting_as(other_company.service("sign-in")):
        operations.end_session(session_id=hashed(session.session_key))
    assert SessionStore().exists(session.session_key)


def test_the_sessions_of_a_deactivated_person_end(company):
    from apps.events.types import Happened
    from apps.identity.handlers import end_sessions_of_deactivated

    mine, other = started(company), started(company, "viewer")
    user = company.users["developer"]
    with company.acting("admin"):
        deactivate_user(user_id=user.id)
    (event,) = events_of(company, "user.deactivated")
    happened = Happened(
        id=event.id,
        tenant_id=company.tenant_id,
        type=event.type,
        resource_type="User",
        resource_id=str(user.id),
        scope_id=company.tenant_id,
    )
    for _again in range(2):
        with acting_as(company.service("relay")):
            end_sessions_of_deactivated(happened)
    assert not SessionStore().exists(mine.session_key)
    assert SessionStore().exists(other.session_key)
    (ended,) = events_of(company, "session.ended")
    assert ended.reason == "The account was deactivated."
