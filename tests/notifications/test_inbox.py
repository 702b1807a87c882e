"""The inbox: who is told what, once, and what they may do with it."""

import csv
from io import StringIO

import pytest

from apps.events.models import Delivery
from apps.kernel import clock
from apps.kernel.errors import Forbidden, NotFound
from apps.kernel.tenancy import acting_as
from apps.notifications.models import Notification
from apps.notifications.operations import read_notification, send_notifications
from apps.proposals.operations import approve_proposal, reject_proposal
from tests.factories.policy import make_proposal
from tests.notifications.delivering import deliver
from tests.web.sign_in import browser

pytestmark = pytest.mark.gap("UX-H6")


def send(company, *, who=("developer",), key="once", subject="#1 waits for you"):
    with acting_as(company.service("relay")):
        send_notifications(
            recipient_ids=[company.users[name].id for name in who],
            kind="policy.proposed",
            subject=subject,
            path="/proposals/",
            key=key,
        )


def told(company):
    with company.acting("tenant_admin"):
        rows = Notification.objects.select_related("recipient").order_by("id")
        return [(row.recipient.name, row.subject) for row in rows]


def test_those_who_are_asked_are_told_and_the_author_is_told_the_end(committed_company):
    company = committed_company
    proposal = make_proposal(company)
    deliver(company)
    words = "#1 baseline waits for your decision"
    expected = {("Second Architect", words), ("Admin", words), ("Tenant Admin", words)}
    assert set(told(company)) == expected
    with company.acting("second_architect"):
        approve_proposal(proposal_id=proposal.id)
    deliver(company)
    assert told(company)[3:] == [("Architect", "#1 baseline was approved")]


def test_an_event_that_is_delivered_twice_is_told_once(committed_company):
    company = committed_company
    proposal = make_proposal(company)
    with company.acting("second_architect"):
        reject_proposal(proposal_id=proposal.id, reason="No.")
    deliver(company)
    once = told(company)
    with company.acting("tenant_admin"):
        Delivery.objects.update(state="pending", next_attempt_at=clock.now())
    deliver(company)
    assert told(company) == once == [("Architect", "#1 baseline was rejected")]


def test_what_is_opened_is_read_and_leads_to_its_page(company):
    send(company)
    client = browser(company, "developer")
    page = client.get("/inbox/").content.decode()
    assert "#1 waits for you" in page
    assert "Unread" in page
    with company.acting("developer"):
        row = Notification.objects.get()
    answer = client.post(f"/inbox/{row.id}/open/")
    assert answer["Location"] == "/proposals/"
    assert "Everything is read" in client.get("/inbox/?show=unread").content.decode()


def test_looking_reads_nothing(company):
    send(company)
    client = browser(company, "developer")
    with company.acting("developer"):
        row = Notification.objects.get()
    assert client.get(f"/inbox/{row.id}/open/").status_code == 405
    client.get("/inbox/")
    with company.acting("developer"):
        assert Notification.objects.unread().count() == 1


def test_everything_is_marked_read_at_once_and_only_ones_own(company):
    for key in ("one", "two"):
        send(company, who=("developer", "viewer"), key=key)
    browser(company, "developer").post("/inbox/read/")
    with company.acting("tenant_admin"):
        unread = Notification.objects.unread().values_list("recipient__name", flat=True)
        assert set(unread) == {"Viewer"}
        assert unread.count() == 2


def test_nobody_reads_somebody_elses_inbox(company, other_company):
    send(company)
    with company.acting("developer"):
        row = Notification.objects.get()
    assert (
        "#1 waits for you" not in browser(company, "tenant_admin").get("/inbox/").content.decode()
    )
    with pytest.raises(Forbidden), company.acting("tenant_admin"):
        read_notification(notification_id=row.id)
    with pytest.raises(NotFound), other_company.acting("developer"):
        read_notification(notification_id=row.id)
    with company.acting("developer"):
        assert Notification.objects.unread().count() == 1


def test_the_inbox_downloads_as_csv(company):
    send(company)
    answer = browser(company, "developer").get("/inbox/?format=csv")
    (row,) = csv.DictReader(StringIO(answer.content.decode()))
    assert (row["subject"], row["read_at"]) == ("#1 waits for you", "")


def test_an_empty_inbox_says_what_will_come(company):
    assert "Nothing yet" in browser(company, "viewer").get("/inbox/").content.decode()
