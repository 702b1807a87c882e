"""What happens when a webhook fails, and what its operations refuse."""

from datetime import timedelta

import pytest

from apps.events.models import Delivery
from apps.events.operations import replay_delivery
from apps.kernel import clock
from apps.kernel.errors import Conflict, Forbidden, Invalid
from apps.notifications.models import Notification
from apps.webhooks import courier
from apps.webhooks.models import Webhook
from apps.webhooks.operations import (
    create_webhook,
    delete_webhook,
    replay_message,
    send_test,
    update_webhook,
)
from apps.webhooks.types import MAX_ATTEMPTS
from tests.notifications.delivering import deliver
from tests.webhooks.messages import make, messages, present, rename, send
from tests.webhooks.receiver import answering

pytestmark = [pytest.mark.gap("UX-H6"), pytest.mark.django_db]


# --- when it fails ----------------------------------------------------------------------------


def test_a_failure_pauses_the_webhook_and_is_tried_again_under_the_same_id(company, receiver):
    webhook, _ = make(company, receiver.url)
    receiver.answer = answering(500)
    for title in ("A", "B"):
        rename(company, title)
    deliver(company)
    assert send(company, webhook) == 0
    assert len(receiver.received) == 1
    (first, second) = messages(company)
    assert (first.state, first.attempts, first.last_error) == ("pending", 1, "answered 500")
    assert (second.state, second.attempts) == ("pending", 0)
    assert send(company, webhook) == 0
    receiver.answer = answering(200)
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert send(company, webhook) == 2
    ids = [headers["webhook-id"] for _, headers, _ in receiver.received]
    assert ids == [first.public_id, second.public_id, first.public_id]
    assert present(company, webhook).failing_since is None


def test_one_bad_message_does_not_stop_the_others(company, receiver):
    webhook, _ = make(company, receiver.url)
    for title in ("A", "B"):
        rename(company, title)
    deliver(company)
    bad = messages(company)[0].public_id

    def answer(request):
        answering(400 if request.headers["webhook-id"] == bad else 200)(request)

    receiver.answer = answer
    moment = clock.now()
    for step in range(4):
        with clock.at(moment + timedelta(seconds=11 * step)):
            send(company, webhook)
    assert [one.state for one in messages(company)] == ["pending", "delivered"]


def test_one_dead_webhook_delays_no_other(company, receiver):
    dead, _ = make(company, "http://127.0.0.1:1/", name="dead")
    alive, _ = make(company, receiver.url, name="alive")
    for title in "ABC":
        rename(company, title)
    deliver(company)
    assert send(company, dead) == 0
    assert send(company, alive) == 3
    assert len(receiver.received) == 3


def test_who_dies_between_sending_and_marking_sends_again_under_the_same_id(
    company, receiver, monkeypatch
):
    webhook, _ = make(company, receiver.url)
    rename(company)
    deliver(company)

    def die(*_args):
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(courier, "settle", die)
        with pytest.raises(SystemExit):
            send(company, webhook)
    assert send(company, webhook) == 0
    with clock.at(clock.now() + timedelta(minutes=3)):
        assert send(company, webhook) == 1
    first, second = (headers["webhook-id"] for _, headers, _ in receiver.received)
    assert first == second
    assert [(one.state, one.attempts) for one in messages(company)] == [("delivered", 2)]


def test_what_gives_up_is_a_dead_letter_and_is_sent_again_on_demand(company, receiver):
    webhook, _ = make(company, receiver.url)
    rename(company)
    deliver(company)
    receiver.answer = answering(503)
    moment = clock.now()
    for attempt in range(MAX_ATTEMPTS):
        with clock.at(moment + timedelta(hours=7 * attempt)):
            send(company, webhook)
    (message,) = messages(company)
    assert (message.state, message.attempts) == ("dead", MAX_ATTEMPTS)
    with company.acting("admin"):
        (letter,) = Delivery.objects.dead()
        assert (letter.handler, letter.last_error) == ("webhooks.send_again", "answered 503")
        replay_delivery(delivery_id=letter.id)
    receiver.answer = answering(200)
    with clock.at(moment + timedelta(hours=7 * MAX_ATTEMPTS)):
        deliver(company)
        assert send(company, webhook) == 1
    assert receiver.received[-1][1]["webhook-id"] == message.public_id


def test_days_of_failure_switch_it_off_and_administrators_are_told(company, receiver):
    webhook, _ = make(company, receiver.url)
    for title in ("A", "B"):
        rename(company, title)
    deliver(company)
    receiver.answer = answering(500)
    moment = clock.now()
    for day in (0, 4, 6):
        with clock.at(moment + timedelta(days=day)):
            send(company, webhook)
            assert present(company, webhook).is_active is (day < 5)
    assert [one.state for one in messages(company)] == ["dead", "dead"]
    with clock.at(moment + timedelta(days=6)):
        deliver(company)
    with company.acting("tenant_admin"):
        rows = Notification.objects.filter(kind="webhook.suspended")
        told = set(rows.values_list("recipient__name", "path"))
    path = f"/settings/webhooks/{webhook.id}/"
    assert told == {("Admin", path), ("Tenant Admin", path)}
    with company.acting("admin"):
        update_webhook(webhook_id=webhook.id, is_active=True)
        replay_message(message_id=messages(company)[0].id)
    receiver.answer = answering(200)
    assert send(company, webhook) == 1


# --- operations -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"patterns": []}, "patterns"),
        ({"patterns": ["policy"]}, "patterns"),
        ({"patterns": ["*.activated"]}, "patterns"),
        ({"patterns": ["a." + "b" * 90]}, "patterns"),
        ({"format": "pigeon"}, "format"),
        ({"name": " "}, "name"),
    ],
)
def test_bad_input_is_named_and_makes_nothing(company, values, field):
    whole = {"name": "pager", "url": "https://hooks.example.com/", "patterns": ["*"]}
    with pytest.raises(Invalid) as caught, company.acting("admin"):
        create_webhook(**{**whole, **values})
    assert list(caught.value.fields) == [field]
    with company.acting("admin"):
        assert Webhook.objects.count() == 0


def test_a_name_is_taken_once(company):
    make(company, "https://hooks.example.com/")
    with pytest.raises(Conflict) as caught:
        make(company, "https://hooks.example.com/2")
    assert caught.value.fields == {"name": ["There is a webhook of this name."]}


def test_only_administrators_make_webhooks(company):
    with pytest.raises(Forbidden), company.acting("architect"):
        create_webhook(name="x", url="https://hooks.example.com/", patterns=["*"])
    with company.acting("admin"):
        assert Webhook.objects.count() == 0


def test_a_deleted_webhook_is_gone_with_its_log(company, receiver):
    webhook, _ = make(company, receiver.url)
    rename(company)
    deliver(company)
    with company.acting("admin"):
        delete_webhook(webhook_id=webhook.id)
    assert messages(company) == []
    assert send(company, webhook) == 0


def test_only_what_gave_up_is_sent_again(company, receiver):
    webhook, _ = make(company, receiver.url)
    with company.acting("admin"):
        message = send_test(webhook_id=webhook.id)
    with pytest.raises(Conflict, match="pending cannot be sent again"), company.acting("admin"):
        replay_message(message_id=message.id)


def test_a_test_is_told_to_the_tested_webhook_only(company, receiver):
    one, _ = make(company, receiver.url, name="one", patterns=["*"])
    make(company, receiver.url, name="two", patterns=["*"])
    with company.acting("admin"):
        send_test(webhook_id=one.id)
    deliver(company)
    tested = [m.webhook_id for m in messages(company) if m.event.type == "webhook.tested"]
    assert tested == [one.id]
