"""The same creation under the same key happens once."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from apps.api.models import IdempotencyRecord
from apps.kernel import clock
from apps.orgs.models import Scope
from tests.api.rest import Caller, caller, done, refused

KEY = {"Idempotency-Key": "0f8fad5b-d9cb-469f-a165-70867728950e"}
BODY = {"name": "Data", "slug": "data"}
HERE = "scopes/organizations"


def records(company):
    with company.acting("tenant_admin"):
        return list(IdempotencyRecord.objects.order_by("id"))


@pytest.mark.django_db
def test_a_repeated_request_is_answered_alike_and_carried_out_once(company, admin):
    first = admin.post(HERE, BODY, headers=KEY)
    again = admin.post(HERE, BODY, headers=KEY)
    assert done(first, 201) == done(again, 201)
    assert "Idempotent-Replay" not in first.headers
    assert again.headers["Idempotent-Replay"] == "true"
    for name in ("Location", "ETag", "Content-Type", "Cache-Control"):
        assert first.headers[name] == again.headers[name]
    with company.acting("tenant_admin"):
        assert Scope.objects.filter(slug="data").count() == 1


@pytest.mark.django_db
def test_a_key_of_another_request_is_refused(company, admin):
    done(admin.post(HERE, BODY, headers=KEY), 201)
    refused(admin.post(HERE, {**BODY, "slug": "other"}, headers=KEY), 422, "Idempotency-Key")
    person = {"email": "a@example.com", "name": "A"}
    refused(admin.post("users", person, headers=KEY), 422, "Idempotency-Key")
    with company.acting("tenant_admin"):
        assert not Scope.objects.filter(slug="other").exists()


@pytest.mark.django_db
def test_a_refused_request_may_be_mended_under_its_key(company, admin):
    refused(admin.post(HERE, {**BODY, "slug": "BAD"}, headers=KEY), 422, "slug")
    assert records(company) == []
    done(admin.post(HERE, BODY, headers=KEY), 201)


@pytest.mark.django_db
def test_keys_belong_to_one_principal_of_one_company(company, admin, call, attacker):
    done(admin.post(HERE, BODY, headers=KEY), 201)
    refused(call("admin").post(HERE, BODY, headers=KEY), 409, "slug")
    theirs = attacker.post(HERE, BODY, headers=KEY)
    assert "Idempotent-Replay" not in theirs.headers
    assert done(theirs, 201)["path"][0] != str(company.tenant_id)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "with blank", "x" * 256, "ümlaut", "tab\tkey"])
def test_a_malformed_key_is_named_and_nothing_is_done(company, admin, key):
    refused(admin.post(HERE, BODY, headers={"Idempotency-Key": key}), 422, "Idempotency-Key")
    with company.acting("tenant_admin"):
        assert not Scope.objects.filter(slug="data").exists()


@pytest.mark.django_db
def test_a_secret_is_neither_kept_nor_told_twice(company, admin):
    first = done(admin.post("cedar-agents", {"name": "edge"}, headers=KEY), 201)
    again = done(admin.post("cedar-agents", {"name": "edge"}, headers=KEY), 201)
    assert again == {**first, "token": None}
    (record,) = records(company)
    assert first["token"] not in record.body


@pytest.mark.django_db
def test_a_key_may_be_used_anew_after_a_day_and_old_ones_are_forgotten(company, admin):
    done(admin.post(HERE, BODY, headers=KEY), 201)
    with company.acting("tenant_admin"):
        past = clock.now() - timedelta(seconds=1)
        IdempotencyRecord.objects.update(expires_at=past)
    refused(admin.post(HERE, BODY, headers=KEY), 409, "slug")
    other = {"Idempotency-Key": "another"}
    done(admin.post(HERE, {**BODY, "slug": "b"}, headers=other), 201)
    assert [record.key for record in records(company)] == ["another"]


def test_of_two_at_once_one_wins_and_the_other_is_told_to_wait(
    committed_company, django_db_blocker, monkeypatch
):
    from apps.orgs.operations import scopes

    inside, go_on, answers = threading.Event(), threading.Event(), []
    emit = scopes._emit_created

    def slow(*args, **kwargs):
        inside.set()
        assert go_on.wait(30)
        return emit(*args, **kwargs)

    def send(token):
        with django_db_blocker.unblock():
            answers.append(Caller(token=token).post(HERE, BODY, headers=KEY))
            connections.close_all()

    with django_db_blocker.unblock():
        person = caller(committed_company, "tenant_admin")
        monkeypatch.setattr(scopes, "_emit_created", slow)
        first = threading.Thread(target=send, args=(person.token,))
        first.start()
        assert inside.wait(30)
        busy = person.post(HERE, BODY, headers=KEY)
        go_on.set()
        first.join(30)
        refused(busy, 409)
        assert busy.headers["Retry-After"] == "1"
        done(answers[0], 201)
        again = person.post(HERE, BODY, headers=KEY)
    assert again.headers["Idempotent-Replay"] == "true"
    assert done(again, 201) == answers[0].json()
