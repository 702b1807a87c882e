"""Webhooks: what they are told, how it is signed, and what happens when they do not answer."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from apps.events.models import Delivery, Event
from apps.kernel import clock
from apps.orgs.operations import update_user
from apps.webhooks.operations import (
    rotate_webhook_secret,
    send_test,
    update_webhook,
)
from tests.notifications.delivering import deliver
from tests.webhooks.messages import make, messages, present, rename, send

pytestmark = [pytest.mark.gap("UX-H6"), pytest.mark.django_db]


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
