"""The courier finds what is due in every company."""

import pytest
from django.db import connections

from apps.webhooks import sending
from apps.webhooks.courier import list_due, send_to
from apps.webhooks.operations import create_webhook, send_test
from tests.webhooks.receiver import answering, receiving

pytestmark = pytest.mark.gap("UX-H6")


def test_a_webhook_is_found_while_something_is_due_and_it_is_not_paused(
    committed_company, settings
):
    settings.WEBHOOK_ALLOWED_HOSTS = frozenset({"127.0.0.1"})
    company = committed_company
    with receiving() as receiver:
        with company.acting("admin"):
            webhook, _ = create_webhook(name="one", url=receiver.url, patterns=["team.*"])
        place = (company.tenant_id, webhook.id)
        assert place not in list_due(limit=1000)
        for status in (200, 500):
            with company.acting("admin"):
                send_test(webhook_id=webhook.id)
            assert place in list_due(limit=1000)
            receiver.answer = answering(status)
            send_to(tenant_id=company.tenant_id, webhook_id=webhook.id)
            assert place not in list_due(limit=1000)
    assert len(receiver.received) == 2


def test_nothing_is_sent_inside_a_transaction(committed_company, settings, monkeypatch):
    settings.WEBHOOK_ALLOWED_HOSTS = frozenset({"127.0.0.1"})
    company, seen, real = committed_company, [], sending.post

    def post(*args, **options):
        seen.append([one.alias for one in connections.all() if one.in_atomic_block])
        return real(*args, **options)

    monkeypatch.setattr(sending, "post", post)
    with receiving() as receiver, company.acting("admin"):
        webhook, _ = create_webhook(name="one", url=receiver.url, patterns=["team.*"])
        send_test(webhook_id=webhook.id)
    send_to(tenant_id=company.tenant_id, webhook_id=webhook.id)
    assert seen == [[]]
