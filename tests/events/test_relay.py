"""The outbox loses nothing and doubles nothing: killed, failing, poisoned or twice at once."""

import os
import random
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from apps.events import relay
from apps.events.models import Delivery, Event
from apps.events.operations import discard_delivery, replay_delivery
from apps.events.subscriptions import SUBSCRIPTIONS
from apps.events.types import LONGEST_DELAY, MAX_ATTEMPTS
from apps.kernel import clock
from apps.kernel.errors import Conflict, Forbidden, Invalid
from apps.kernel.tenancy import acting_as
from apps.orgs.models import User
from apps.orgs.operations import update_user
from tests.environment import ROOT, base_environment
from tests.events.relay_victim import POINTS, subscribe

pytestmark = pytest.mark.gap("MT-H1")
SEED = 20261122


@pytest.fixture
def counting():
    """Subscribe the counting handler, and unsubscribe it after the test."""
    before = dict(SUBSCRIPTIONS)
    subscribe()
    yield
    SUBSCRIPTIONS.clear()
    SUBSCRIPTIONS.update(before)


@pytest.fixture
def handled_by(monkeypatch):
    """Replace what the counting handler does."""

    def replace(function):
        from dataclasses import replace as changed

        ours = changed(SUBSCRIPTIONS["tests.count"], handle=function)
        monkeypatch.setitem(SUBSCRIPTIONS, "tests.count", ours)

    return replace


def _emit(company, times, person="viewer"):
    """Update a person so often; each update adds one to their version, each delivery another.

    What other tests left to deliver is delivered first.
    """
    _deliver_all()
    user = company.users[person]
    for number in range(times):
        with company.acting("admin"):
            update_user(user_id=user.id, title=f"t{number}")


def _version(company, person="viewer"):
    with acting_as(company.service("tests")):
        return User.objects.get(id=company.users[person].id).version


def _deliveries(company, **found_by):
    with acting_as(company.service("tests")):
        rows = Delivery.objects.filter(handler="tests.count", **found_by)
        return list(rows.select_related("event").order_by("id"))


def _deliver_all():
    while relay.run_due():
        pass


def test_each_event_takes_effect_once(committed_company, counting):
    _emit(committed_company, 5)
    assert _version(committed_company) == 1 + 5
    _deliver_all()
    _deliver_all()
    assert _version(committed_company) == 1 + 5 + 5
    rows = _deliveries(committed_company)
    assert [(row.state, row.attempts) for row in rows] == [("done", 1)] * 5


def test_an_event_that_was_undone_is_never_delivered(committed_company, counting):
    user = committed_company.users["viewer"]
    with pytest.raises(ZeroDivisionError), committed_company.acting("admin"):
        assert update_user(user_id=user.id, title="never").version / 0
    _deliver_all()
    assert _deliveries(committed_company) == []
    assert _version(committed_company) == 1


def test_an_effect_and_its_receipt_are_undone_together(
    committed_company, counting, handled_by, monkeypatch
):
    _emit(committed_company, 1)

    def broken(_delivery):
        raise RuntimeError("the receipt could not be written")

    monkeypatch.setattr(relay, "_finish", broken)
    relay.run_due()
    assert _version(committed_company) == 2
    (row,) = _deliveries(committed_company)
    assert (row.state, row.attempts) == ("pending", 1)
    assert row.last_error == "RuntimeError: the receipt could not be written"


@pytest.mark.parametrize(
    "kills", [6, pytest.param(60, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def test_a_relay_killed_anywhere_loses_and_doubles_nothing(
    committed_company, counting, database_urls, redis_url, kills
):
    events = 10 * kills
    _emit(committed_company, events)
    choice = random.Random(SEED)
    for number in range(kills):
        point = POINTS[number % len(POINTS)]
        died = _killed_relay(point, choice.randint(1, 4), database_urls, redis_url)
        assert died == -signal.SIGKILL, f"seed {SEED}, kill {number} {point}"
    _deliver_all()
    assert _version(committed_company) == 1 + events + events, f"seed {SEED}"
    assert {row.state for row in _deliveries(committed_company)} == {"done"}


def _killed_relay(point, nth, urls, redis_url):
    environment = {**os.environ, **base_environment(), **urls, "REDIS_URL": redis_url}
    command = [sys.executable, "-m", "tests.events.relay_victim", point, str(nth)]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, check=False
    ).returncode


def test_two_relays_at_once_share_the_work(committed_company, counting, django_db_blocker):
    _emit(committed_company, 40)

    def work():
        from django.db import connections

        with django_db_blocker.unblock():
            _deliver_all()
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _deliver_all()
    assert _version(committed_company) == 1 + 40 + 40
    assert {(row.state, row.attempts) for row in _deliveries(committed_company)} == {("done", 1)}


def _fail(_happened):
    raise RuntimeError("poison")


def _dead(company):
    """Let the newest delivery fail until it is given up."""
    moment = clock.now()
    for _attempt in range(MAX_ATTEMPTS):
        moment += LONGEST_DELAY
        with clock.at(moment):
            relay.run_due()
    return _deliveries(company)[-1]


def test_a_failing_delivery_waits_ever_longer_and_is_given_up(
    committed_company, counting, handled_by
):
    _emit(committed_company, 1)
    handled_by(_fail)
    moment = clock.now() + timedelta(seconds=1)
    for attempt in range(1, MAX_ATTEMPTS):
        with clock.at(moment):
            relay.run_due()
        (row,) = _deliveries(committed_company)
        assert (row.state, row.attempts) == ("pending", attempt)
        wait = row.next_attempt_at - moment
        longest = min(timedelta(seconds=2**attempt), LONGEST_DELAY)
        assert longest / 2 <= wait <= longest
        with clock.at(row.next_attempt_at - timedelta(milliseconds=1)):
            relay.run_due()
        assert _deliveries(committed_company)[0].attempts == attempt
        moment = row.next_attempt_at
    with clock.at(moment):
        relay.run_due()
    (row,) = _deliveries(committed_company)
    assert (row.state, row.attempts) == ("dead", MAX_ATTEMPTS)
    assert row.last_error == "RuntimeError: poison"
    with clock.at(moment + 10 * LONGEST_DELAY):
        relay.run_due()
    assert _deliveries(committed_company)[0].attempts == MAX_ATTEMPTS
    assert _version(committed_company) == 2


@pytest.mark.parametrize("attempts", range(12))
def test_the_wait_doubles_up_to_an_hour(attempts):
    longest = min(timedelta(seconds=2**attempts), LONGEST_DELAY)
    waits = [relay.backoff(attempts) for _ in range(50)]
    assert all(longest / 2 <= wait <= longest for wait in waits)
    assert len(set(waits)) > 1


def test_a_replayed_delivery_keeps_its_event_and_takes_effect_once(
    committed_company, counting, handled_by
):
    _emit(committed_company, 1)
    handled_by(_fail)
    dead = _dead(committed_company)
    from tests.events.relay_victim import count

    handled_by(count)
    with committed_company.acting("admin"):
        replay_delivery(delivery_id=dead.id)
    _deliver_all()
    (row,) = _deliveries(committed_company)
    assert (row.state, row.attempts, row.event_id) == ("done", 1, dead.event_id)
    assert _version(committed_company) == 3
    with pytest.raises(Conflict), committed_company.acting("admin"):
        replay_delivery(delivery_id=dead.id)


def test_a_discarded_delivery_needs_a_reason_and_stays_discarded(
    committed_company, counting, handled_by
):
    _emit(committed_company, 1)
    handled_by(_fail)
    dead = _dead(committed_company)
    with pytest.raises(Invalid) as caught, committed_company.acting("admin"):
        discard_delivery(delivery_id=dead.id, reason="  ")
    assert list(caught.value.fields) == ["reason"]
    with pytest.raises(Forbidden), committed_company.acting("architect"):
        discard_delivery(delivery_id=dead.id, reason="Not mine.")
    assert _deliveries(committed_company)[0].state == "dead"
    with committed_company.acting("admin"):
        discard_delivery(delivery_id=dead.id, reason="The receiver is gone.")
    with pytest.raises(Conflict), committed_company.acting("admin"):
        replay_delivery(delivery_id=dead.id)
    assert _deliveries(committed_company)[0].state == "discarded"
    with acting_as(committed_company.service("tests")):
        event = Event.objects.get(type="dead_letter.discarded")
    assert (event.reason, event.resource_id) == ("The receiver is gone.", str(dead.id))


def test_a_handler_that_is_gone_is_a_failure_that_can_be_replayed(
    committed_company, counting, monkeypatch
):
    _emit(committed_company, 1)
    monkeypatch.delitem(SUBSCRIPTIONS, "tests.count")
    relay.run_due()
    (row,) = _deliveries(committed_company)
    assert (row.state, row.attempts) == ("pending", 1)
    assert row.last_error == "ProgrammingError: this release has no handler tests.count"
