"""Letters: what goes out, to whom, once, and what happens when the mail server does not take it."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.events.models import Delivery
from apps.events.operations import replay_delivery
from apps.kernel import clock
from apps.kernel.tenancy import acting_as
from apps.notifications import postman
from apps.notifications.mail import message_id
from apps.notifications.models import Letter, Notification
from apps.notifications.operations import send_notifications, update_preferences
from apps.notifications.types import MAX_ATTEMPTS
from apps.orgs.operations import deactivate_user
from tests.notifications.delivering import deliver, send_digests, send_letters
from tests.notifications.smtp import mail_server

pytestmark = [pytest.mark.gap("UX-H6"), pytest.mark.django_db(databases=["default", "platform"])]
MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@pytest.fixture
def box(settings):
    with mail_server(settings) as box:
        yield box


def tell(company, *, kind="policy.proposed", key="once", subject="#1 waits", **extra):
    with acting_as(company.service("relay")):
        send_notifications(
            recipient_ids=[company.users["developer"].id],
            kind=kind,
            subject=subject,
            path="/proposals/7/",
            key=key,
            **extra,
        )


def prefer(company, **values):
    with company.acting("developer"):
        update_preferences(**values)


def letters(company):
    with company.acting("tenant_admin"):
        return list(Letter.objects.order_by("id"))


def test_a_letter_says_the_matter_in_text_and_html_with_links_that_lead_to_the_portal(
    company, box, settings
):
    settings.PUBLIC_URL = "https://portal.example"
    tell(company, subject="#1 <b> & waits", links={"Approve": "/proposals/7/decide/approve/"})
    assert send_letters(company) == 1
    (message,) = box.messages
    assert message["Subject"] == "[Acme] #1 <b> & waits"
    assert message["To"] == "developer@acme.example"
    assert message["From"] == "Aeterna <portal@example.com>"
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert "#1 <b> & waits" in text
    assert "#1 &lt;b&gt; &amp; waits" in html
    for body in (text, html):
        assert "https://portal.example/proposals/7/" in body
        assert "https://portal.example/proposals/7/decide/approve/" in body
        assert "https://portal.example/unsubscribe/" in body
        assert "Waiting for my decision" in body


def test_the_same_letter_has_the_same_name_and_goes_out_once(company, box):
    tell(company)
    tell(company)
    assert (send_letters(company), send_letters(company)) == (1, 0)
    (message,) = box.messages
    (letter,) = letters(company)
    assert message["Message-ID"] == message_id(letter)
    with company.acting("developer"):
        assert letter.key == f"notification-{Notification.objects.get().id}"


def test_who_dies_between_sending_and_marking_sends_again_under_the_same_name(
    company, box, monkeypatch
):
    tell(company)

    def die(_letter_id):
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(postman, "mark_sent", die)
        with pytest.raises(SystemExit):
            send_letters(company)
    assert send_letters(company) == 0
    with clock.at(clock.now() + timedelta(minutes=6)):
        assert send_letters(company) == 1
        assert send_letters(company) == 0
    first, second = box.messages
    assert first["Message-ID"] == second["Message-ID"]


def test_who_dies_every_time_does_not_send_for_ever(company, box, monkeypatch):
    tell(company)
    monkeypatch.setattr(postman, "mark_sent", lambda _letter_id: None)
    moment = clock.now()
    for number in range(3 * MAX_ATTEMPTS):
        with clock.at(moment + timedelta(minutes=6 * number)):
            send_letters(company)
    assert len(box.messages) == MAX_ATTEMPTS
    assert [one.state for one in letters(company)] == ["dead"]


def test_a_server_that_is_down_is_tried_again_and_then_a_dead_letter_can_be_replayed(company, box):
    tell(company)
    box.answer = "451 try later"
    moment = clock.now()
    for number in range(MAX_ATTEMPTS):
        with clock.at(moment + timedelta(hours=3 * number)):
            assert send_letters(company) == 0
    (letter,) = letters(company)
    assert (letter.state, letter.attempts) == ("dead", MAX_ATTEMPTS)
    assert letter.last_error == "SMTPDataError 451"
    with company.acting("admin"):
        (dead,) = Delivery.objects.dead()
        assert (dead.handler, dead.last_error) == ("notifications.send_again", "SMTPDataError 451")
        replay_delivery(delivery_id=dead.id)
    box.answer = "250 taken"
    deliver(company)
    assert send_letters(company) == 1
    assert [one.state for one in letters(company)] == ["sent"]


def test_the_wait_grows_with_each_attempt(company, box):
    tell(company)
    box.answer = "451 try later"
    waits = []
    for _ in range(4):
        with clock.at(clock.now() + timedelta(days=len(waits))):
            moment = clock.now()
            send_letters(company)
            waits.append((letters(company)[0].next_attempt_at - moment).total_seconds())
    limits = [15 * 2**attempt for attempt in (1, 2, 3, 4)]
    assert all(limit / 2 <= wait <= limit + 5 for wait, limit in zip(waits, limits, strict=True))


def test_an_address_that_is_refused_for_good_is_not_tried_again(company, box):
    tell(company)
    box.answer = "550 no such person"
    assert send_letters(company) == 0
    assert [(one.state, one.attempts) for one in letters(company)] == [("dead", 1)]


def test_no_server_at_all_loses_nothing(company, box, settings):
    tell(company)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    assert send_letters(company) == 0
    assert letters(company)[0].last_error == "ConnectionRefusedError"
    settings.EMAIL_PORT = port
    with clock.at(clock.now() + timedelta(hours=1)):
        assert send_letters(company) == 1


def test_a_letter_that_cannot_be_written_holds_up_no_other(company, box):
    tell(company, key="one")
    tell(company, key="two", subject="#2 waits")
    with company.acting("developer"):
        Notification.objects.filter(dedupe_key="one").update(letter=None)
    assert send_letters(company) == 1
    bad, good = letters(company)
    assert (bad.state, bad.attempts) == ("pending", 1)
    assert bad.last_error == "it could not be written: IndexError"
    assert good.state == "sent"


def test_headers_cannot_be_injected(company, box):
    tell(company, subject="Hello\r\nBcc: all@example.com\n\nbody\x07")
    assert send_letters(company) == 1
    (message,) = box.messages
    assert message["Bcc"] is None
    assert message["Subject"] == "[Acme] Hello Bcc: all@example.com body"


def test_without_a_mail_server_nothing_is_written_and_the_inbox_has_it(company, settings):
    settings.IS_EMAIL_ON = False
    tell(company, kind="policy.rolled_back")
    assert letters(company) == []
    with company.acting("developer"):
        assert [row.told_by for row in Notification.objects.all()] == ["portal"]


def test_who_left_meanwhile_gets_nothing(company, box):
    tell(company)
    with company.acting("tenant_admin"):
        deactivate_user(user_id=company.users["developer"].id, reason="They left.")
    assert send_letters(company) == 0
    assert box.messages == []
    assert [one.state for one in letters(company)] == ["dropped"]


def test_emergency_rollbacks_are_sent_at_once_whatever_was_chosen(company, box):
    prefer(company, choices=dict.fromkeys(("decisions", "mine", "governance"), "portal"))
    tell(company, kind="policy.proposed", key="one")
    tell(company, kind="policy.rolled_back", key="two", subject="baseline was rolled back")
    assert send_letters(company) == 1
    (message,) = box.messages
    assert message["Subject"] == "[Acme] baseline was rolled back"
    assert message["List-Unsubscribe"] is None
    assert "This is always sent" in message.get_body(("plain",)).get_content()


# --- the digest -------------------------------------------------------------------------------


def digest_for(company, count):
    with clock.at(MONDAY):
        prefer(company, choices={"decisions": "digest"}, digest_hour=8, time_zone="UTC")
        for number in range(count):
            tell(company, key=str(number), subject=f"#{number} waits")


def test_the_digest_comes_at_its_hour_with_everything_in_one_letter(company, box):
    digest_for(company, 2)
    with clock.at(MONDAY + timedelta(minutes=59)):
        assert (send_digests(company), send_letters(company)) == (0, 0)
    with clock.at(MONDAY + timedelta(hours=1)):
        assert (send_digests(company), send_digests(company)) == (1, 0)
        assert send_letters(company) == 1
    (message,) = box.messages
    assert message["Subject"] == "[Acme] Your daily digest: 2 things to know"
    text = message.get_body(("plain",)).get_content()
    assert text.index("#0 waits") < text.index("#1 waits")
    (letter,) = letters(company)
    assert letter.key == f"digest-{company.users['developer'].id}-2026-11-23"


def test_a_worker_that_was_down_for_forty_days_sends_one_digest(company, box):
    digest_for(company, 3)
    with clock.at(MONDAY + timedelta(days=40)):
        assert [send_digests(company) for _ in range(5)] == [1, 0, 0, 0, 0]
        assert send_letters(company) == 1
    assert len(box.messages) == 1


def test_a_day_has_one_digest_although_its_hour_was_moved(company, box):
    digest_for(company, 1)
    with clock.at(MONDAY + timedelta(hours=1)):
        assert send_digests(company) == 1
        prefer(company, digest_hour=10)
        tell(company, key="later")
    with clock.at(MONDAY + timedelta(hours=3)):
        assert send_digests(company) == 0
    with clock.at(MONDAY + timedelta(hours=27)):
        assert send_digests(company) == 1


def test_a_day_without_news_has_no_digest(company, box):
    digest_for(company, 0)
    with clock.at(MONDAY + timedelta(hours=1)):
        assert send_digests(company) == 0
        tell(company, key="after eight")
        assert send_digests(company) == 0
    assert letters(company) == []
    with clock.at(MONDAY + timedelta(hours=25)):
        assert send_digests(company) == 1


def test_what_was_read_or_is_no_longer_wanted_is_not_in_the_digest(company, box):
    digest_for(company, 2)
    with company.acting("developer"):
        Notification.objects.filter(dedupe_key="0").update(read_at=MONDAY)
    prefer(company, choices={"decisions": "portal"})
    with clock.at(MONDAY + timedelta(days=2)):
        assert send_digests(company) == 0
    prefer(company, choices={"decisions": "digest"})
    with clock.at(MONDAY + timedelta(days=4)):
        assert (send_digests(company), send_letters(company)) == (1, 1)
    assert "1 thing to know" in box.messages[0]["Subject"]
