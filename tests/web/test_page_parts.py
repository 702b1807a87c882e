"""Parts that many pages share: words of lists and states, the editor's nonce, parts as pages."""

import re
from typing import Any

import pytest
from django.template.loader import render_to_string

from apps.policies.operations import edit_policy
from apps.portal.templatetags.portal import browser_name, changes, fingerprint
from apps.proposals.operations import approve_proposal, propose_policy
from tests.factories.company import TestCompany
from tests.factories.policy import make_active, make_policy, make_proposal
from tests.web.sign_in import browser

HTMX = {"HX-Request": "true"}


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def page_of(company: TestCompany, address: str, *, role: str = "architect", **headers: Any) -> str:
    return browser(company, role).get(address, headers=headers).content.decode()


def test_a_proposal_says_how_it_would_be_enforced(company: TestCompany) -> None:
    proposal = make_proposal(company, mode="mandatory", merge_strategy="override")
    text = words(page_of(company, f"/proposals/{proposal.id}/"))
    assert "Mode Mandatory: cannot be removed below" in text
    assert "Inherited Override: replaces what is inherited" in text


def test_a_proposal_shows_a_changed_setting_beside_the_one_in_force(company: TestCompany) -> None:
    policy = make_active(company, mode="optional")
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, mode="mandatory")
        proposal = propose_policy(policy_id=policy.id, justification="No exceptions.")
    text = words(page_of(company, f"/proposals/{proposal.id}/"))
    before, after = "Optional: may be overridden below", "Mandatory: cannot be removed below"
    assert f"Mode before: {before} after: {after}" in text
    with company.acting("second_architect"):
        approve_proposal(proposal_id=proposal.id)
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, mode="forbidden")
    assert f"after: {after}" in words(page_of(company, f"/proposals/{proposal.id}/"))


def test_a_proposal_whose_settings_changed_says_so(company: TestCompany) -> None:
    proposal = make_proposal(company)
    with company.acting("architect"):
        edit_policy(policy_id=proposal.policy_id, mode="mandatory")
    text = words(page_of(company, f"/proposals/{proposal.id}/"))
    assert "settings changed since this was proposed" in text
    assert "How it would be enforced" in text
    assert "cannot be removed below" not in text


@pytest.mark.parametrize(("by_time", "said"), [(1, ("Newer", "Older")), ("", ("Previous", "Next"))])
def test_a_list_pages_by_its_order(by_time: object, said: tuple[str, str]) -> None:
    context = {"shown": 2, "next_url": "?cursor=x", "by_time": by_time}
    shown = words(render_to_string("components/pagination.html", context)).split()
    assert [word for word in shown if word.isalpha()] == list(said)


def test_a_list_of_one_page_offers_no_other() -> None:
    html = render_to_string("components/pagination.html", {"shown": 2, "noun": "policies"})
    assert words(html).strip() == "2 policies"


@pytest.mark.parametrize(
    ("state", "said"),
    [("current", "Up to date"), ("refused", "Refused"), ("never", "Never connected")],
)
def test_every_state_of_an_agent_has_words(state: str, said: str) -> None:
    html = render_to_string("components/status.html", {"status": state})
    assert words(html).strip() == said


def test_the_policy_names_the_nonce_where_an_editor_needs_it(company: TestCompany) -> None:
    policy = make_policy(company)
    client = browser(company, "architect")
    editor = client.get(f"/policies/{policy.id}/")
    nonce = re.search(r'name="csp-nonce" content="([^"]+)"', editor.content.decode())
    assert nonce is not None
    assert f"style-src 'self' 'nonce-{nonce[1]}'" in editor["Content-Security-Policy"]
    assert "nonce" not in client.get("/policies/")["Content-Security-Policy"]


@pytest.mark.parametrize(
    "address", ["policies/{policy}/approvers/", "proposals/about/{policy}/", "palette/?q=base"]
)
def test_a_part_is_a_page_for_whoever_follows_the_link(company: TestCompany, address: str) -> None:
    path = "/" + address.format(policy=make_policy(company).id)
    part, page = page_of(company, path, **HTMX), page_of(company, path)
    assert "<html" not in part
    assert page.startswith("<!doctype html>")
    assert page.count("<h1>") == 1


def test_a_change_of_nothing_is_left_out() -> None:
    rows = changes({"issuer": None, "name": "a"}, {"issuer": "", "name": "b"})
    assert [row["name"] for row in rows] == ["Name"]


def test_texts_that_differ_have_other_names() -> None:
    pairs = {("a", "b"), ("ab", ""), ("", "ab"), ("b", "a")}
    assert len({fingerprint(*pair) for pair in pairs}) == len(pairs)


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
         "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140",
         "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140 Mobile Safari/537.36",
         "Chrome on Android"),
        ("curl/8.5", "A browser"),
        ("", "A browser"),
    ],
)  # fmt: skip
def test_a_browser_is_called_what_people_call_it(agent: str, said: str) -> None:
    assert browser_name(agent) == said


def test_whoever_may_not_draft_is_not_asked_to(company: TestCompany) -> None:
    assert "Draft a policy" not in page_of(company, "/", role="viewer")
    assert "Draft a policy" in page_of(company, "/")


def test_operators_read_plurals_as_they_are_written(company: TestCompany) -> None:
    text = words(page_of(company, "/operator/", role="tenant_admin"))
    assert re.findall(r"\b\w+ies\b", text)
    assert re.findall(r"\b\w+[^aeiou\W]ys\b", text) == []
