"""Life, readiness and figures."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from pydantic import SecretStr

from apps.events.models import Delivery
from apps.kernel import clock
from apps.portal import health
from tests.web.sign_in import browser
from tests.webhooks.messages import rename


@pytest.mark.django_db
def test_a_living_process_says_so():
    assert Client().get("/healthz").content == b"ok\n"


@pytest.fixture
def platform_database(request, django_db_blocker, django_db_setup):
    """Let a test read through the platform's connection, which sees committed rows only."""
    with django_db_blocker.unblock():
        yield


def test_a_ready_portal_names_what_answers(platform_database):
    body = Client().get("/readyz").json()
    assert (body["ready"], body["postgres"], body["redis"]) == (True, True, True)
    assert body["relay_lag_seconds"] >= 0


def test_without_redis_the_portal_is_not_ready(platform_database, monkeypatch):
    def down() -> None:
        raise ConnectionError

    monkeypatch.setattr("apps.portal.entrypoints.health.ping_redis", down)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["redis"] is False
    assert answer.json()["postgres"] is True


def test_the_lag_is_the_age_of_the_oldest_due_delivery(committed_company, monkeypatch):
    # Far in the future, so that no relay of another test takes it before it is measured.
    due_at = clock.now() + timedelta(days=4000)
    rename(committed_company)
    with committed_company.acting("admin"):
        delivery = Delivery.objects.order_by("next_attempt_at").first()
        Delivery.objects.filter(id=delivery.id).update(next_attempt_at=due_at)
    later = due_at + timedelta(days=4000)
    monkeypatch.setattr(health, "clock", SimpleNamespace(now=lambda: later))
    assert health.relay_lag_seconds() >= 4000 * 86400


def test_figures_are_for_this_host(platform_database):
    answer = Client().get("/metrics")
    assert answer.status_code == 200
    assert b"aeterna_relay_lag_seconds" in answer.content
    assert b"aeterna_operations_total" in answer.content


@pytest.mark.parametrize(
    "extra",
    [
        {"REMOTE_ADDR": "10.0.0.7"},
        {"REMOTE_ADDR": "nonsense"},
        {"HTTP_X_FORWARDED_FOR": "10.0.0.7"},
        {"HTTP_FORWARDED": "for=10.0.0.7"},
    ],
)
def test_figures_are_not_for_others(platform_database, extra):
    assert Client().get("/metrics", **extra).status_code == 403


def test_with_a_token_only_its_holder_gets_figures(platform_database, settings):
    settings.ENVIRONMENT = SimpleNamespace(metrics_token=SecretStr("s3cret-figures"))
    assert Client().get("/metrics").status_code == 403
    assert Client().get("/metrics", HTTP_AUTHORIZATION="Bearer wrong").status_code == 403
    given = {"HTTP_AUTHORIZATION": "Bearer s3cret-figures", "REMOTE_ADDR": "10.0.0.7"}
    assert Client().get("/metrics", **given).status_code == 200


def test_a_signed_in_person_may_ask_too(committed_company):
    answer = browser(committed_company, "viewer").get("/readyz")
    assert answer.json()["postgres"] is True
