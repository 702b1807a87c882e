"""The postman finds what is due in every company."""

from datetime import timedelta

import pytest
from django.db import connections

from apps.kernel import clock
from apps.notifications import postman
from tests.notifications.smtp import mail_server
from tests.notifications.test_email import MONDAY, digest_for, letters, tell

pytestmark = pytest.mark.gap("UX-H6")


@pytest.fixture
def box(settings):
    with mail_server(settings) as box:
        yield box


def test_the_postman_finds_the_letters_and_digests_of_every_company(committed_company, box):
    tell(committed_company)
    digest_for(committed_company, 1)
    postman.send_due_letters()
    with clock.at(MONDAY + timedelta(days=1)):
        assert postman.send_due_digests() >= 1
        postman.send_due_letters()
    assert [one.state for one in letters(committed_company)] == ["sent", "sent"]
    address = committed_company.users["developer"].email
    assert len([one for one in box.messages if one["To"] == address]) == 2


def test_nothing_is_sent_inside_a_transaction(committed_company, box, monkeypatch):
    tell(committed_company)
    seen, real = [], postman._hand_over

    def hand_over(message):
        seen.append([one.alias for one in connections.all() if one.in_atomic_block])
        return real(message)

    monkeypatch.setattr(postman, "_hand_over", hand_over)
    postman.send_due_letters()
    assert seen
    assert [aliases for aliases in seen if aliases] == []
