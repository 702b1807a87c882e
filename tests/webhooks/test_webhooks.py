"""Webhooks: what they are told, how it is signed, and what happens when they do not answer."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from apps.events.models import Delivery, Event
from apps.events.operations import replay_delivery
from apps.kernel import clock
from apps.kernel.errors import Conflict, Forbidden, Invalid
from apps.notifications.models import Notification
from apps.orgs.operations import update_user
from apps.webhooks import courier
from apps.webhooks.courier import send_to
from apps.webhooks.models import Message, Webhook
from apps.webhooks.operations import (
    create_webhook,
    delete_webhook,
    replay_message,
    rotate_webhook_secret,
    send_test,
    update_webhook,
)
from apps.webhooks.types import MAX_ATTEMPTS
from tests.notifications.delivering import deliver
from tests.webhooks.receiver import answering, receiving

pytestmark = [pytest.mark.gap("UX-H6"), pytest.mark.django_db]


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_ALLOWED_HOSTS = frozenset({"127.0.0.1"})
    with receiving() as receiver:
        yield receiver


def make(company, url, *, name="pager", patterns=("user.*",), **values):
    with company.acting("admin"):
        return create_webhook(name=name, url=url, patterns=list(patterns), **values)


def rename(company, title="Boss"):
    """Let something happen: `user.updated`."""
    with company.acting("tenant_admin"):
        return update_user(user_id=company.users["developer"].id, title=title)


def send(company, webhook):
    return send_to(tenant_id=company.tenant_id, webhook_id=webhook.id)


def messages(company):
    with company.acting("admin"):
        return list(Message.objects.select_related("event").order_by("id"))


def present(company, webhook):
    with company.acting("admin"):
        return Webhook.objects.get(id=webhook.id)


def verified(secret, headers, body):
    """Check a signature as the specification says, and return the document."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert expected in headers["webhook-signature"].split(" ")
    return json.loads(body)


def test_what_happens_is_told_signed_as_the_specification_says(company, receiver):
    webhook, secret = make(company, receiver.url)
    rename(company)
    deliver(company)
    assert send(company, webhook) == 1
    ((path, headers, body),) = receiver.received
    document = verified(secret, headers, body)
    (message,) = messages(company)
    assert path == "/hook"
    assert headers["webhook-id"] == f"msg_{message.id.hex}"
    assert abs(int(headers["webhook-timestamp"]) - clock.now().timestamp()) < 60
    assert document["type"] == "user.updated"
    assert document["data"]["actor"]["name"] == "Tenant Admin"
    assert document["data"]["resource"]["name"] == "Developer"
    assert document["data"]["url"].startswith("http://testserver/organization/people/")
    assert document["data"]["summary"] == "Tenant Admin changed the details of Developer"
    assert (message.state, message.attempts, message.last_status) == ("delivered", 1, 204)


def test_only_what_is_wanted_is_told_and_only_while_it_is_on(company, receiver):
    webhook, _ = make(company, receiver.url, patterns=["policy.activated", "team.*"])
    rename(company)
    deliver(company)
    assert messages(company) == []
    with company.acting("admin"):
        update_webhook(webhook_id=webhook.id, patterns=["*"])
        update_webhook(webhook_id=webhook.id, is_active=False)
    rename(company, "Chief")
    deliver(company)
    assert messages(company) == []


def test_without_webhooks_nothing_waits_for_them(company):
    rename(company)
    with company.acting("admin"):
        assert not Delivery.objects.filter(handler="webhooks.pass_on").exists()


def test_another_companys_events_are_not_told(company, other_company, receiver):
    make(company, receiver.url, patterns=["*"])
    rename(other_company)
    deliver(other_company)
    assert messages(other_company) == []


def test_an_event_that_is_delivered_twice_is_told_once(company, receiver):
    webhook, _ = make(company, receiver.url)
    rename(company)
    deliver(company)
    with company.acting("admin"):
        rows = Delivery.objects.filter(handler="webhooks.pass_on")
        rows.update(state="pending", next_attempt_at=clock.now())
    deliver(company)
    assert send(company, webhook) == 1
    assert len(receiver.received) == 1


def test_slack_is_told_in_blocks_and_nothing_is_taken_for_markup(company, receiver):
    webhook, _ = make(company, receiver.url, format="slack")
    with company.acting("tenant_admin"):
        update_user(user_id=company.users["developer"].id, name="<!channel> & *co*")
    deliver(company)
    assert send(company, webhook) == 1
    ((_, headers, body),) = receiver.received
    document = json.loads(body)
    text = "Tenant Admin changed the details of <!channel> & *co*"
    assert document["text"] == text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    section, actions, context = document["blocks"]
    assert section["text"] == {"type": "plain_text", "text": text, "emoji": False}
    assert actions["elements"][0]["url"].startswith("http://testserver/organization/people/")
    assert context["elements"] == [{"type": "plain_text", "text": "user.updated"}]
    assert "webhook-signature" not in headers


def test_teams_is_told_in_an_adaptive_card(company, receiver):
    webhook, _ = make(company, receiver.url, format="teams")
    rename(company)
    deliver(company)
    assert send(company, webhook) == 1
    document = json.loads(receiver.received[0][2])
    (attachment,) = document["attachments"]
    assert document["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert card["body"][0]["inlines"][0]["text"] == "Tenant Admin changed the details of Developer"
    assert card["actions"][0]["type"] == "Action.OpenUrl"


# --- secrets ----------------------------------------------------------------------------------


def test_the_database_alone_gives_neither_secret_nor_address_away(company, receiver):
    webhook, secret = make(company, f"{receiver.url}/T0/B0/token-of-slack")
    row = present(company, webhook)
    stored = " ".join(str(getattr(row, field.attname)) for field in row._meta.fields)
    assert secret not in stored
    assert "token-of-slack" not in stored
    assert row.secret_hint == f"[REDACTED:…{secret[-4:]}]"
    assert row.address == f"http://127.0.0.1:{receiver.port}/[REDACTED:…lack]"
    with company.acting("admin"):
        told = str(list(Event.objects.values_list("before", "after", "payload")))
    assert secret not in told
    assert "token-of-slack" not in told


def test_two_secrets_sign_for_a_day_after_a_rotation(company, receiver):
    webhook, old = make(company, receiver.url)
    with company.acting("admin"):
        _, new = rotate_webhook_secret(webhook_id=webhook.id)
        send_test(webhook_id=webhook.id)
    assert send(company, webhook) == 1
    with clock.at(clock.now() + timedelta(hours=25)):
        with company.acting("admin"):
            send_test(webhook_id=webhook.id)
        assert send(company, webhook) == 1
    (_, first, body), (_, second, later) = receiver.received
    verified(old, first, body)
    verified(new, first, body)
    verified(new, second, later)
    assert len(second["webhook-signature"].split(" ")) == 1


def test_what_is_sealed_outlives_a_new_secret_key_with_the_old_one_as_fallback(
    company, receiver, settings
):
    webhook, secret = make(company, receiver.url)
    with company.acting("admin"):
        send_test(webhook_id=webhook.id)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]
    assert send(company, webhook) == 1
    verified(secret, *receiver.received[0][1:])


def test_a_key_that_is_gone_is_a_failure_of_the_message_only(company, receiver, settings):
    webhook, _ = make(company, receiver.url)
    with company.acting("admin"):
        send_test(webhook_id=webhook.id)
    settings.SECRET_KEY = "n" * 50
    assert send(company, webhook) == 0
    (message,) = messages(company)
    assert message.last_error == "what is sealed was sealed under a key that is gone"
    assert (message.state, message.attempts) == ("pending", 1)


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
