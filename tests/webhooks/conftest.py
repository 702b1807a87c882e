"""What the tests of webhooks start from."""

import pytest

from tests.webhooks.receiver import receiving


@pytest.fixture
def receiver(settings):
    """Another system on loopback, which webhooks may reach."""
    settings.WEBHOOK_ALLOWED_HOSTS = frozenset({"127.0.0.1"})
    with receiving() as receiver:
        yield receiver
