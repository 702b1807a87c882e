"""Webhooks over REST and on their pages."""

import csv
import re
from io import StringIO

import pytest

from apps.webhooks.models import Message, Webhook
from apps.webhooks.operations import create_webhook, send_test, update_webhook
from tests.api.rest import caller, done, refused
from tests.web.sign_in import browser

pytestmark = [pytest.mark.gap("UX-H6"), pytest.mark.django_db]
URL = "https://hooks.example.com/token-in-path"
FORM = {"name": "pager", "format": "standard", "url": URL, "patterns": "policy.*\nproposal.*"}


def made(company, **values):
    whole = {"name": "pager", "url": URL, "patterns": ["policy.*"], **values}
    with company.acting("admin"):
        return create_webhook(**whole)[0]


def test_rest_makes_changes_tests_and_deletes(company):
    admin = caller(company, "admin")
    body = {"name": "pager", "url": URL, "patterns": ["policy.*"]}
    issued = done(admin.post("webhooks", body), 201)
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/=]{44}", issued["secret"])
    assert issued["address"] == "https://hooks.example.com/[REDACTED:…path]"
    place = f"webhooks/{issued['id']}"
    shown = done(admin.get(place))
    assert "secret" not in shown
    assert done(admin.get("webhooks"))["results"] == [shown]
    changed = done(admin.patch(place, {"patterns": ["*"], "name": "all"}))
    assert (changed["patterns"], changed["name"], changed["version"]) == (["*"], "all", 2)
    again = done(admin.post(f"{place}/rotate-secret"))
    assert again["secret"] not in ("", issued["secret"])
    message = done(admin.post(f"{place}/test"))
    assert (message["event"]["type"], message["state"]) == ("webhook.tested", "pending")
    assert done(admin.get(f"{place}/messages", state="pending"))["results"] == [message]
    refused(admin.post(f"webhook-messages/{message['id']}/replay"), 409)
    done(admin.delete(place), 204)
    refused(admin.get(place), 404)


def test_rest_is_for_administrators(company):
    webhook = made(company)
    person = caller(company, "architect")
    for path in ("webhooks", f"webhooks/{webhook.id}", f"webhooks/{webhook.id}/messages"):
        refused(person.get(path), 403)
    refused(person.post(f"webhooks/{webhook.id}/test"), 403)


def test_a_webhook_is_made_on_its_page_and_its_secret_is_shown_once(company):
    client = browser(company, "admin")
    assert b"No webhook yet" in client.get("/settings/webhooks/").content
    page = client.post("/settings/webhooks/new/", FORM)
    secret = re.search(r"whsec_[A-Za-z0-9+/=]{44}", page.content.decode())[0]
    with company.acting("admin"):
        webhook = Webhook.objects.get()
    assert webhook.patterns == ["policy.*", "proposal.*"]
    for path in ("", f"{webhook.id}/", f"{webhook.id}/change/"):
        text = client.get(f"/settings/webhooks/{path}").content.decode()
        assert secret not in text
        assert "token-in-path" not in text


def test_a_wrong_address_on_the_page_is_named_and_makes_nothing(company):
    client = browser(company, "admin")
    answer = client.post("/settings/webhooks/new/", {**FORM, "url": "https://10.0.0.1/"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["url"] == ["This address is inside a private network."]
    with company.acting("admin"):
        assert Webhook.objects.count() == 0


def test_a_change_without_an_address_keeps_it(company):
    webhook = made(company)
    client = browser(company, "admin")
    form = {"name": "quiet", "url": "", "patterns": "team.*"}
    assert client.post(f"/settings/webhooks/{webhook.id}/change/", form).status_code == 302
    with company.acting("admin"):
        row = Webhook.objects.get()
    assert (row.name, row.patterns, row.is_active) == ("quiet", ["team.*"], False)
    assert row.sealed_url == webhook.sealed_url
    again = client.post(f"/settings/webhooks/{webhook.id}/test/", follow=True)
    assert b"is switched off" in again.content


def test_the_log_shows_and_downloads_what_gave_up_and_sends_it_again(company):
    webhook = made(company)
    with company.acting("admin"):
        message = send_test(webhook_id=webhook.id)
        update_webhook(webhook_id=webhook.id, is_active=False)
        update_webhook(webhook_id=webhook.id, is_active=True)
    client, place = browser(company, "admin"), f"/settings/webhooks/{webhook.id}/"
    assert b"the webhook was switched off" in client.get(place).content
    (row,) = csv.DictReader(StringIO(client.get(f"{place}?format=csv").content.decode()))
    assert (row["event"], row["state"]) == ("webhook.tested", "dead")
    client.post(f"/settings/webhooks/messages/{message.id}/replay/")
    with company.acting("admin"):
        assert Message.objects.get().state == "pending"


def test_the_pages_are_for_administrators(company):
    webhook = made(company)
    client = browser(company, "architect")
    for path in ("", "new/", f"{webhook.id}/", f"{webhook.id}/change/"):
        assert client.get(f"/settings/webhooks/{path}").status_code == 403
    for path in ("secret", "test", "delete"):
        assert client.post(f"/settings/webhooks/{webhook.id}/{path}/").status_code == 403
    assert "/settings/webhooks/" not in client.get("/settings/about/").content.decode()
    with company.acting("admin"):
        assert Webhook.objects.count() == 1


def test_deleting_and_a_new_secret_take_a_post(company):
    webhook = made(company)
    client = browser(company, "admin")
    place = f"/settings/webhooks/{webhook.id}/"
    assert client.get(f"{place}delete/").status_code == 405
    assert b"whsec_" in client.post(f"{place}secret/").content
    client.post(f"{place}delete/")
    with company.acting("admin"):
        assert Webhook.objects.count() == 0
