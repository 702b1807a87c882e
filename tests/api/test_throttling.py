"""A principal makes so many requests in a minute, and no more."""

import pytest

from apps.api import throttling
from tests.api.rest import caller, done, refused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sighted(monkeypatch):
    monkeypatch.setattr(throttling, "_blind", {"until": 0.0})
    throttling._local().storage.reset()


def test_the_request_over_the_limit_is_told_when_to_come_back(admin, limit):
    limit(3)
    for _ in range(3):
        answer = admin.get("me")
        assert answer.headers["RateLimit-Policy"] == '"default";q=3;w=60'
        done(answer)
    answer = admin.get("me")
    document = refused(answer, 429)
    wait = int(answer.headers["Retry-After"])
    assert 1 <= wait <= 60
    assert document["retry_after"] == wait
    assert answer.headers["RateLimit"] == f'"default";r=0;t={wait}'


def test_colleagues_and_other_companies_are_counted_apart(company, admin, attacker, limit):
    limit(1)
    done(admin.get("me"))
    refused(admin.get("me"), 429)
    done(caller(company, "viewer").get("me"))
    done(attacker.get("me"))


def test_two_tokens_of_one_person_share_what_they_have(company, admin, limit):
    limit(1)
    done(admin.get("me"))
    refused(caller(company, "tenant_admin").get("me"), 429)


def test_without_redis_requests_are_still_counted(admin, limit, settings):
    limit(2)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    done(admin.get("me"))
    done(admin.get("me"))
    refused(admin.get("me"), 429)


def test_a_lost_redis_is_not_asked_again_at_once(admin, limit, settings, monkeypatch):
    limit(100)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    done(admin.get("me"))
    monkeypatch.setattr(throttling, "_shared", lambda _url: pytest.fail("asked again"))
    done(admin.get("me"))
