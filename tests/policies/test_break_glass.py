"""One administrator permits something at once, for minutes, told to all and reviewed by another."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from apps.events.models import Event
from apps.kernel import clock
from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from apps.policies.models import BreakGlass, Revision
from apps.policies.operations import (
    end_break_glass,
    open_break_glass,
    review_break_glass,
)
from apps.policies.queries import get_head, load_bundle
from tests.factories.policy import make_active

pytestmark = pytest.mark.django_db
WHY = "The deployment is stuck and its owner is away."


def opened(company: Any, *, by: str = "admin", **changes: Any) -> BreakGlass:
    with company.acting(by):
        values = {
            "principals": [company.users["developer"].email],
            "actions": ["run_tool"],
            "resources": ['Tool::"shell"'],
            "reason": WHY,
            **changes,
        }
        return open_break_glass(**values)


def head(company: Any) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the ids of the newest revision's entries, and those its manifest ends."""
    with company.acting("admin"):
        bundle = load_bundle(get_head().number)
    payload = bundle.manifest.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return [one["id"] for one in bundle.policies], claims.get("temporary", [])


def test_it_is_published_at_once_with_its_end_signed(company: Any) -> None:
    glass = opened(company, minutes=30)
    assert glass.ends_at - glass.started_at == timedelta(minutes=30)
    ids, temporary = head(company)
    assert ids == [str(glass.id)]
    assert temporary == [{"id": str(glass.id), "not_after": int(glass.ends_at.timestamp())}]
    with company.acting("admin"):
        event = Event.objects.get(type="break_glass.opened")
        assert (event.reason, event.resource_id) == (WHY, str(glass.id))


def test_it_ends_by_hand_once_and_the_next_revision_is_without_it(company: Any) -> None:
    glass = opened(company)
    with company.acting("admin"):
        ended = end_break_glass(glass_id=glass.id, reason="Done.")
        with pytest.raises(Conflict, match="already ended"):
            end_break_glass(glass_id=glass.id)
    assert (ended.state, ended.ended_by_id) == ("ended", company.users["admin"].id)
    assert head(company) == ([], [])


def test_somebody_else_reviews_it_and_that_ends_it(company: Any) -> None:
    glass = opened(company)
    with company.acting("admin"), pytest.raises(Forbidden):
        review_break_glass(glass_id=glass.id, note="Fine.")
    with company.acting("tenant_admin"):
        with pytest.raises(Invalid) as refused:
            review_break_glass(glass_id=glass.id, note=" ")
        assert refused.value.fields == {"note": ["This is needed."]}
        assert BreakGlass.objects.get().state == "open"
        done = review_break_glass(glass_id=glass.id, note="It was needed.")
        with pytest.raises(Conflict, match="already reviewed"):
            review_break_glass(glass_id=glass.id, note="Again.")
    assert (done.state, done.note) == ("reviewed", "It was needed.")
    assert head(company) == ([], [])


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"principals": ["nobody@example.test"]}, "principals", "There is nobody named nobody@"),
        ({"principals": []}, "principals", "Name 1 to 10."),
        ({"actions": ["fly"]}, "actions", "fly is no action; choose of deploy, "),
        ({"resources": ["shell"]}, "resources", 'shell is not of the form Type::"id".'),
        ({"resources": ['File::"a"']}, "resources", "run_tool is never done to a File, but to "),
        ({"resources": ['Scope::"nowhere"']}, "resources", "There is no scope nowhere."),
        ({"reason": " "}, "reason", "This is needed."),
        ({"minutes": 0}, "minutes", "Choose 1 to 240 minutes."),
        ({"minutes": 241}, "minutes", "Choose 1 to 240 minutes."),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(
    company: Any, changes: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(Invalid) as refused:
        opened(company, **changes)
    assert refused.value.fields[field][0].startswith(message)
    with company.acting("admin"):
        assert (BreakGlass.objects.count(), Revision.objects.count()) == (0, 0)


def test_what_is_permitted_already_needs_none(company: Any) -> None:
    make_active(company, cedar="permit (principal, action, resource);\n")
    with pytest.raises(Conflict, match="permit all of this already"):
        opened(company)


@pytest.mark.parametrize("role", ["architect", "developer", "viewer"])
def test_nobody_below_an_administrator_opens_or_ends_one(company: Any, role: str) -> None:
    glass = opened(company)
    with pytest.raises(Forbidden):
        opened(company, by=role)
    with company.acting(role), pytest.raises(Forbidden):
        end_break_glass(glass_id=glass.id)
    with company.acting("admin"):
        assert list(BreakGlass.objects.values_list("id", "state")) == [(glass.id, "open")]


def test_a_revision_after_the_end_is_without_it_though_nobody_ended_it(company: Any) -> None:
    glass = opened(company, minutes=1)
    with time_machine.travel(glass.ends_at, tick=False):
        with company.acting("admin"):
            assert clock.now() == glass.ends_at
        make_active(company, name="next")
        assert str(glass.id) not in head(company)[0]
        assert head(company)[1] == []


def test_another_company_neither_sees_nor_ends_it(company: Any, other_company: Any) -> None:
    glass = opened(company)
    with other_company.acting("admin"):
        with pytest.raises(NotFound):
            end_break_glass(glass_id=glass.id)
        assert BreakGlass.objects.count() == 0
    assert head(company)[0] == [str(glass.id)]
