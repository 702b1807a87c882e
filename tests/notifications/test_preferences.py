"""What a person chooses: the page, REST, and the links that end an e-mail without sign-in."""

import re

import pytest
from django.test import Client

from apps.events.models import Event
from apps.kernel.errors import Invalid
from apps.kernel.tenancy import acting_as
from apps.notifications.models import Notification, Preference
from apps.notifications.operations import send_notifications, update_preferences
from apps.notifications.queries import get_own_wishes
from apps.notifications.types import Group, group_of
from apps.proposals.handlers import TO_APPROVERS, TO_AUTHOR
from apps.proposals.models import Proposal
from tests.api.rest import caller, done, refused
from tests.factories.policy import make_active, make_proposal
from tests.notifications.delivering import deliver, send_letters
from tests.notifications.smtp import mail_server
from tests.web.sign_in import browser

pytestmark = [pytest.mark.gap("UX-H6"), pytest.mark.django_db(databases=["default", "platform"])]
PAGE = "/settings/notifications/"
FORM = {
    "decisions": "digest",
    "mine": "portal",
    "governance": "instant",
    "digest_hour": "17",
    "time_zone": "Europe/Berlin",
}


def chosen(company, who="developer"):
    with company.acting(who):
        wishes = get_own_wishes()
        return {**wishes.choices, "hour": wishes.digest_hour, "zone": wishes.time_zone}


def start():
    return {
        "decisions": "instant", "mine": "digest", "governance": "digest", "hour": 8, "zone": "UTC",
    }  # fmt: skip


def test_everything_told_about_a_proposal_is_in_the_group_of_whom_it_is_told_to():
    assert {group_of(kind) for kind in TO_APPROVERS} == {Group.DECISIONS}
    assert {group_of(kind) for kind in TO_AUTHOR} == {Group.MINE}


def test_the_page_takes_choices_and_shows_them_again(company):
    client = browser(company, "developer")
    assert b"This installation sends no e-mail" in client.get(PAGE).content
    assert client.post(PAGE, FORM).status_code == 302
    assert chosen(company) == {
        "decisions": "digest", "mine": "portal", "governance": "instant",
        "hour": 17, "zone": "Europe/Berlin",
    }  # fmt: skip
    assert client.get(PAGE).context["form"].initial["time_zone"] == "Europe/Berlin"
    assert chosen(company, "viewer") == start()


def test_a_page_of_an_installation_with_email_does_not_say_it_sends_none(company, settings):
    settings.IS_EMAIL_ON = True
    assert b"sends no e-mail" not in browser(company, "developer").get(PAGE).content


@pytest.mark.parametrize(
    ("field", "value"),
    [("decisions", "pigeon"), ("time_zone", "Mars/Olympus"), ("digest_hour", 24)],
)
def test_a_wrong_choice_on_the_page_is_named_and_changes_nothing(company, field, value):
    answer = browser(company, "developer").post(PAGE, {**FORM, field: value})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert chosen(company) == start()


def test_rest_reads_and_changes_only_what_is_given(company):
    person = caller(company, "developer")
    whole = done(person.get("me/notification-preferences"))
    assert whole == {
        "is_email_on": False,
        "choices": {"decisions": "instant", "mine": "digest", "governance": "digest"},
        "digest_hour": 8,
        "time_zone": "UTC",
    }
    changed = done(person.patch("me/notification-preferences", {"choices": {"mine": "instant"}}))
    assert changed == {**whole, "choices": {**whole["choices"], "mine": "instant"}}
    for body, field in (
        ({"choices": {"emergency": "portal"}}, "choices.emergency"),
        ({"time_zone": "Mars"}, "time_zone"),
        ({"digest_hour": 24}, "digest_hour"),
    ):
        refused(person.patch("me/notification-preferences", body), 422, field)
    assert done(person.get("me/notification-preferences")) == changed


@pytest.mark.parametrize(
    ("values", "field", "text"),
    [
        ({"choices": {"emergency": "portal"}}, "choices", "always sent at once"),
        ({"choices": {"weather": "portal"}}, "choices", "There is no group weather"),
        ({"choices": {"mine": "pigeon"}}, "choices", "For My proposals choose one of"),
        ({"digest_hour": 24}, "digest_hour", "Choose an hour from 0 to 23."),
        ({"time_zone": "Mars"}, "time_zone", "Choose a time zone such as Europe/Berlin."),
    ],
)
def test_what_cannot_be_chosen_is_named_and_changes_nothing(company, values, field, text):
    with pytest.raises(Invalid) as caught, company.acting("developer"):
        update_preferences(**values)
    assert text in caught.value.fields[field][0]
    with company.acting("developer"):
        assert Preference.objects.count() == 0


# --- links in e-mail --------------------------------------------------------------------------


def letter_of(company, settings, *, kind="policy.proposed"):
    """Send one letter to the developer, and return it."""
    with mail_server(settings) as box:
        with acting_as(company.service("relay")):
            send_notifications(
                recipient_ids=[company.users["developer"].id],
                kind=kind,
                subject="#1 waits",
                path="/proposals/",
                key="once",
            )
        send_letters(company)
        return box.messages[0]


def link_of(message):
    url = re.fullmatch(
        r"<http://testserver(/unsubscribe/\S+/)>", message["List-Unsubscribe"].strip()
    )
    return url[1]


def test_one_click_ends_this_kind_of_email_and_nothing_else(company, settings):
    message = letter_of(company, settings)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    answer = Client(enforce_csrf_checks=True).post(
        link_of(message), {"List-Unsubscribe": "One-Click"}
    )
    assert answer.status_code == 200
    assert chosen(company) == {**start(), "decisions": "portal"}
    with company.acting("tenant_admin"):
        event = Event.objects.filter(type="notification.preferred").get()
    assert event.actor_id == str(company.users["developer"].id)


def test_looking_at_the_link_only_asks(company, settings):
    link = link_of(letter_of(company, settings))
    answer = Client().get(link)
    assert b"No more e-mail about this?" in answer.content
    assert chosen(company) == start()


def test_a_link_that_the_portal_did_not_sign_leads_nowhere(company, settings):
    link = link_of(letter_of(company, settings))
    for wrong in (link[:-3] + "x/", "/unsubscribe/nobody/"):
        assert Client().post(wrong).status_code == 404
    assert chosen(company) == start()


def test_a_link_outlives_a_new_secret_key_while_the_old_one_is_a_fallback(company, settings):
    link = link_of(letter_of(company, settings))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]
    assert Client().post(link).status_code == 200
    assert chosen(company)["decisions"] == "portal"


def test_links_to_decide_ask_for_sign_in_then_for_confirmation_and_a_look_decides_nothing(company):
    proposal = make_proposal(company)
    link = f"/proposals/{proposal.id}/decide/approve/"
    stranger = Client().get(link)
    assert stranger.status_code == 302
    assert stranger["Location"].startswith("/sign-in/?next=%2Fproposals%2F")
    client = browser(company, "second_architect")
    page = client.get(link)
    assert f'action="/proposals/{proposal.id}/approve/"' in page.content.decode()
    assert state(company, proposal) == "pending"
    assert client.post(link).status_code == 405
    version = page.context["form"].initial["expected_version"]
    client.post(f"/proposals/{proposal.id}/approve/", {"expected_version": version})
    assert state(company, proposal) == "approved"
    assert b"It is decided already" in client.get(link).content
    assert client.get(f"/proposals/{proposal.id}/decide/nothing/").status_code == 404


def state(company, proposal):
    with company.acting("tenant_admin"):
        return Proposal.objects.get(id=proposal.id).state


def test_those_who_are_asked_get_links_to_decide(committed_company):
    proposal = make_proposal(committed_company)
    deliver(committed_company)
    with committed_company.acting("tenant_admin"):
        links = [row.payload["links"] for row in Notification.objects.all()]
    place = f"/proposals/{proposal.id}/decide"
    assert links == 3 * [{"Approve": f"{place}/approve/", "Reject": f"{place}/reject/"}]


def test_an_emergency_rollback_is_told_to_all_who_may_answer_it(committed_company):
    from apps.policies.operations import retire_policy, roll_back_policy

    company = committed_company
    policy = make_active(company)
    with company.acting("architect"):
        retire_policy(policy_id=policy.id, reason="Nobody needs it.")
    deliver(company)
    with company.acting("admin"):
        roll_back_policy(policy_id=policy.id, number=1, reason="It was needed.")
    deliver(company)
    with company.acting("tenant_admin"):
        rows = Notification.objects.filter(kind="policy.rolled_back")
        told = set(rows.values_list("recipient__name", "subject"))
    words = "baseline was rolled back at once and waits for somebody to confirm it"
    names = ("Admin", "Architect", "Second Architect", "Tenant Admin")
    assert told == {(name, words) for name in names}
