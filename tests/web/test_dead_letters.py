"""Dead letters: who sees them, and what an operator does about them."""

import pytest
from django.urls import reverse

from apps.events.models import Delivery
from apps.events.types import DeliveryState
from tests.web.sign_in import browser
from tests.webhooks.messages import rename


def kill_one(company) -> Delivery:
    rename(company)
    with company.acting("admin"):
        delivery = Delivery.objects.select_related("event").oldest_first().first()
        Delivery.objects.filter(id=delivery.id).update(
            state=DeliveryState.DEAD, attempts=8, last_error="ValueError: boom"
        )
        return delivery


def url(name: str, *args: object) -> str:
    return reverse(f"events:{name}", args=args)


def state_of(company, delivery: Delivery) -> str:
    with company.acting("admin"):
        return Delivery.objects.get(id=delivery.id).state


def test_an_administrator_sees_the_error_and_replays(company):
    delivery, client = kill_one(company), browser(company, "admin")
    for path in (url("dead_letter.view"), url("dead_letter", delivery.id)):
        assert b"ValueError: boom" in client.get(path).content
    file = client.get(url("dead_letter.view"), {"format": "csv"}).content.decode()
    assert "ValueError: boom" in file
    assert client.post(url("dead_letter.replay", delivery.id)).status_code == 302
    assert state_of(company, delivery) == "pending"
    again = client.post(url("dead_letter.replay", delivery.id), follow=True)
    assert b"cannot become pending" in again.content


def test_giving_up_needs_a_reason(company):
    delivery, client = kill_one(company), browser(company, "admin")
    answer = client.post(url("dead_letter.discard", delivery.id), {"reason": ""})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["reason"]
    assert state_of(company, delivery) == "dead"
    done = client.post(url("dead_letter.discard", delivery.id), {"reason": "obsolete"}, follow=True)
    assert b"Everything was delivered" in done.content
    assert state_of(company, delivery) == "discarded"


@pytest.mark.parametrize("name", ["dead_letter", "dead_letter.replay", "dead_letter.discard"])
def test_another_companys_dead_letter_is_not_found(company, other_company, name):
    delivery, client = kill_one(other_company), browser(company, "tenant_admin")
    answer = client.post if name == "dead_letter.replay" else client.get
    assert answer(url(name, delivery.id)).status_code == 404
    assert state_of(other_company, delivery) == "dead"


def test_a_tech_lead_may_not_look(company):
    delivery, client = kill_one(company), browser(company, "tech_lead")
    for path in (url("dead_letter.view"), url("dead_letter", delivery.id)):
        assert client.get(path).status_code == 403
    assert client.post(url("dead_letter.replay", delivery.id)).status_code == 403
    assert state_of(company, delivery) == "dead"
