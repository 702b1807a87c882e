"""A Redis that hangs: hints are given up at once, and nothing else waits for them."""

import socket
import threading
from collections.abc import Iterator

import pytest
from celery import Celery
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.events.nudge import nudge
from apps.kernel import hints
from apps.kernel.background import _send
from apps.orgs.operations import create_organization
from apps.proposals.operations import approve_proposal
from tests.factories.policy import make_proposal


class Hanging:
    """A server that accepts and never answers."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self.accepted: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                self.accepted.append(self._listener.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        self._listener.close()
        for connection in self.accepted:
            connection.close()


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    server = Hanging()
    monkeypatch.setattr(settings, "REDIS_URL", server.url)
    yield server
    hints._clients.pop(server.url, None)
    server.close()


def test_a_hint_to_the_relay_is_tried_once(hanging):
    nudge()
    assert len(hanging.accepted) == 1


def test_nobody_sleeps_for_a_redis_that_is_gone(hanging, monkeypatch):
    hanging.close()

    def refuse(_seconds: float) -> None:
        raise AssertionError("slept")

    monkeypatch.setattr("redis.retry.sleep", refuse)
    monkeypatch.setattr("kombu.utils.functional.sleep", refuse)
    nudge()
    app = Celery(broker=hanging.url, set_as_current=False)
    app.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    with pytest.raises(OperationalError):
        app.send_task("proposals.analyze_waiting", retry=False)
    monkeypatch.setattr("apps.kernel.background.current_app", app)
    _send("proposals.analyze_waiting", {"tenant_id": "any"})


def test_a_commit_with_many_events_waits_for_two_hints(committed_company, hanging):
    proposal = make_proposal(committed_company)
    with committed_company.acting("second_architect"):
        approve_proposal(proposal_id=proposal.id)
        before = len(hanging.accepted)
    assert len(hanging.accepted) - before <= 2


def test_an_event_after_one_that_was_undone_still_gives_its_hint(committed_company, hanging):
    def undone() -> None:
        with transaction.atomic():
            create_organization(name="Undone", slug="undone")
            raise ZeroDivisionError

    with committed_company.acting("admin"):
        with pytest.raises(ZeroDivisionError):
            undone()
        create_organization(name="Kept", slug="kept")
        assert hanging.accepted == []
    assert len(hanging.accepted) == 1
