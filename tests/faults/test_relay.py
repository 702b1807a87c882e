"""The relay among failures: no effect twice, none lost, nobody waits for somebody else's fault."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, connections

from apps.events import relay
from apps.events.models import Delivery, Event
from apps.events.operations import emit
from apps.events.relay import run_due
from apps.events.subscriptions import SUBSCRIPTIONS, Handler, Subscription
from apps.events.types import DeliveryState, Happened
from apps.kernel.authorization import Decision
from apps.kernel.errors import Conflict, Forbidden
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import across_tenants
from apps.orgs.models import Scope
from apps.orgs.operations import create_organization
from apps.orgs.queries import get_root
from tests.factories.company import TestCompany, make_company

from .together import together

ON = "org.created"


@pytest.fixture
def company(committed_company: TestCompany) -> Iterator[TestCompany]:
    """A company in a database where nothing waits to be delivered, before and after."""
    discard_all()
    yield committed_company
    discard_all()


def discard_all() -> None:
    with across_tenants("start and end with nothing to deliver"):
        rows = Delivery.objects.filter(state=DeliveryState.PENDING)
        rows.update(state=DeliveryState.DISCARDED)


def drain() -> None:
    while run_due():
        pass


@contextmanager
def subscribed(handle: Handler, name: str = "tests.handle") -> Iterator[None]:
    """Let `handle` be the only subscriber of new organizations."""
    kept = dict(SUBSCRIPTIONS)
    SUBSCRIPTIONS.clear()
    SUBSCRIPTIONS[name] = Subscription(name=name, types=frozenset({ON}), handle=handle)
    try:
        yield
    finally:
        SUBSCRIPTIONS.clear()
        SUBSCRIPTIONS.update(kept)


def happen(company: TestCompany, count: int = 1) -> list[UUID]:
    """Make `count` organizations; return the ids of their deliveries, oldest first."""
    with company.acting("admin"):
        for _ in range(count):
            create_organization(name="New", slug=f"n-{uuid7().hex[-12:]}")
        rows = Delivery.objects.filter(handler__startswith="tests.").order_by("-id")
        return [row.id for row in reversed(rows[:count])]


def state_of(company: TestCompany, delivery_id: UUID) -> Any:
    with company.acting("admin"):
        return Delivery.objects.get(id=delivery_id)


def test_a_delivery_without_its_handler_waits_and_says_so(company):
    with subscribed(lambda _: None, "tests.gone"):
        orphan = happen(company)[0]
    handled: list[UUID] = []
    with subscribed(lambda happened: handled.append(happened.id)):
        happen(company)
        drain()
    assert len(handled) == 1
    row = state_of(company, orphan)
    assert (row.state, row.attempts) == (DeliveryState.PENDING, 1)
    assert row.last_error == "ProgrammingError: this release has no handler tests.gone"


def test_a_handler_that_was_denied_leaves_its_denial_and_nothing_else(company):
    def handle(_: Happened) -> None:
        root = get_root().as_resource()
        emit("tests.effect", resource=root)
        decision = Decision(allowed=False, action="org.init", resource=root)
        raise Forbidden("no", decision=decision)

    with subscribed(handle):
        delivery_id = happen(company)[0]
        drain()
    row = state_of(company, delivery_id)
    assert (row.state, row.attempts) == (DeliveryState.PENDING, 1)
    with company.acting("admin"):
        assert Event.objects.filter(type="org.init.denied").count() == 1
        assert not Event.objects.filter(type="tests.effect").exists()


def test_a_handler_that_hides_a_database_error_is_tried_again_and_holds_nobody_up(company):
    def handle(_: Happened) -> None:
        with connection.cursor() as cursor:
            try:
                cursor.execute("select 1/0")
            except DatabaseError:
                return

    with subscribed(handle):
        delivery_id = happen(company)[0]
        drain()
    row = state_of(company, delivery_id)
    assert (row.state, row.attempts) == (DeliveryState.PENDING, 1)
    assert "transaction" in row.last_error


def test_a_company_with_much_to_deliver_does_not_keep_another_waiting(company, django_db_blocker):
    other = make_company(slug=f"c-{uuid7().hex[-12:]}")
    discard_all()
    handled: list[UUID] = []
    with subscribed(lambda happened: handled.append(happened.tenant_id)):
        happen(company, 12)
        happen(other)
        run_due(limit=4)
        assert handled.count(other.tenant_id) == 1
        assert handled.count(company.tenant_id) == 3
        drain()
    assert handled.count(company.tenant_id) == 12


def test_a_relay_told_to_stop_finishes_the_delivery_at_hand(company):
    stop = threading.Event()

    def handle(_: Happened) -> None:
        stop.set()

    with subscribed(handle):
        ids = happen(company, 3)
        assert run_due(should_stop=stop.is_set) == 1
        states = [state_of(company, item).state for item in ids]
        assert states == [DeliveryState.DONE, DeliveryState.PENDING, DeliveryState.PENDING]
        drain()
    assert state_of(company, ids[2]).state == DeliveryState.DONE


def test_relays_at_once_cause_each_effect_once(company):
    def handle(_: Happened) -> None:
        emit("tests.effect", resource=get_root().as_resource())

    def run() -> int:
        count = 0
        while ran := run_due():
            count += ran
        return count

    with subscribed(handle):
        ids = happen(company, 30)
        counts = together(run, run, run)
        assert sum(counts) == 30
    with company.acting("admin"):
        assert Delivery.objects.filter(id__in=ids, state=DeliveryState.DONE).count() == 30
        assert Event.objects.filter(type="tests.effect").count() == 30


def end_backends() -> None:
    """End this process's database sessions, as a restart of the server does."""
    for alias in ("default", "platform"):
        raw = connections[alias].connection
        if raw is not None:
            with connections[alias].copy().temporary_connection() as cursor:
                cursor.execute("select pg_terminate_backend(%s)", [raw.info.backend_pid])


@pytest.mark.parametrize("lost", ["before finding", "in a handler", "before delivering"])
def test_a_lost_connection_costs_one_round_not_the_relay(company, lost, monkeypatch):
    handled: list[UUID] = []
    endings = iter([True])

    def handle(happened: Happened) -> None:
        if lost == "in a handler" and next(endings, False):
            end_backends()
        Scope.objects.exists()
        handled.append(happened.id)

    found = relay._find_due

    def find(limit: int) -> Any:
        due = found(limit)
        if lost == "before delivering" and next(endings, False):
            end_backends()
        return due

    monkeypatch.setattr(relay, "_find_due", find)
    monkeypatch.setattr(relay, "backoff", lambda _attempts: relay.timedelta(0))
    with subscribed(handle):
        ids = happen(company, 3)
        with across_tenants("have a connection to lose"):
            Delivery.objects.exists()
        if lost == "before finding":
            end_backends()
        rounds = 0
        while len(handled) < 3 and rounds < 5:
            rounds += 1
            try:
                run_due()
            except DatabaseError:
                continue
    assert len(handled) == len(set(handled)) == 3
    assert {state_of(company, item).state for item in ids} == {DeliveryState.DONE}


def test_conflict_keeps_its_words(company):
    def handle(_: Happened) -> None:
        raise Conflict("Not now.")

    with subscribed(handle):
        delivery_id = happen(company)[0]
        drain()
    assert state_of(company, delivery_id).last_error == "Conflict: Not now."
