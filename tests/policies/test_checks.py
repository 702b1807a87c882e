"""Checking a project: the domain's example at all its levels, who may, and what is kept."""

import csv
from io import StringIO

import pytest

from apps.events.models import Event
from apps.kernel.errors import Forbidden, Invalid, NotFound
from apps.policies.operations import check_project, edit_policy, simulate_policy
from tests.api.rest import caller
from tests.factories.policy import PERMIT, make_active, make_policy
from tests.web.sign_in import browser

LODASH = {
    "id": "no-old-lodash", "target": "dependency", "effect": "forbid", "ecosystem": "npm",
    "name": "lodash", "versions": "<4.17.21", "message": "Prototype pollution",
    "alternatives": ["lodash >= 4.17.21", "es-toolkit"],
}  # fmt: skip
SECURITY = {"id": "security-file", "target": "file", "effect": "require", "path": "SECURITY.md",
            "severity": "warn"}  # fmt: skip
TELEMETRY = {"id": "telemetry", "target": "dependency", "effect": "require", "ecosystem": "npm",
             "name": "@opentelemetry/*"}  # fmt: skip
TIMEOUT = {"id": "client-timeout", "target": "code", "effect": "require", "pattern": "timeout",
           "path": "src/clients/**"}  # fmt: skip
MANIFESTS = {"package.json": '{"dependencies": {"lodash": "^4.17.0"}}'}
CONTENTS = {"src/clients/pay.ts": "fetch(url)\n", "src/a.ts": "x\n"}


@pytest.fixture
def governed(company):
    """The company of the domain's example: three levels, three policies."""
    make_active(company, name="security-baseline", severity="block", mode="mandatory", cedar="",
                rules=[LODASH, SECURITY])  # fmt: skip
    make_active(company, name="platform-standards", scope_id=company.scopes["platform"].id,
                cedar="", rules=[TELEMETRY])  # fmt: skip
    make_active(company, name="api-conventions", scope_id=company.scopes["api"].id, cedar="",
                rules=[TIMEOUT])  # fmt: skip
    return company


def checked(company, *, by="viewer", scope="gateway", **changes):
    given = {"manifests": MANIFESTS, "files": ["src/a.ts"], "contents": CONTENTS, **changes}
    with company.acting(by):
        return check_project(scope_id=company.scopes[scope].id, **given)


def told(report):
    return [
        (v.severity, v.origin.policy, v.origin.scope, v.origin.rule_id, v.file, v.line)
        for v in report.violations
    ]


@pytest.mark.gap("UX-M2")
def test_a_project_is_checked_against_all_levels_at_once(governed):
    names = {key: scope.name for key, scope in governed.scopes.items()}

    report = checked(governed)

    assert report.verdict == "block"
    assert told(report) == [
        ("block", "security-baseline", names["company"], "no-old-lodash", "package.json", 1),
        ("warn", "api-conventions", names["api"], "client-timeout", "src/clients/pay.ts", 0),
        ("warn", "platform-standards", names["platform"], "telemetry", "package.json", 0),
        ("warn", "security-baseline", names["company"], "security-file", "SECURITY.md", 0),
    ]
    worst = report.violations[0]
    assert (worst.message, worst.alternatives, worst.may_resolve, worst.origin.version) == (
        "Prototype pollution", ("lodash >= 4.17.21", "es-toolkit"), True, 1,
    )  # fmt: skip
    assert worst.reason == "lodash ^4.17.0 may resolve to a version in <4.17.21, which is forbidden"


@pytest.mark.gap("UX-M2")
def test_a_project_elsewhere_meets_only_what_reaches_it(governed):
    assert [row[1] for row in told(checked(governed, scope="shop"))] == [
        "security-baseline", "platform-standards", "security-baseline",
    ]  # fmt: skip
    fixed = checked(
        governed,
        manifests={"package.json": '{"dependencies": {"lodash": "4.17.21", '
                                   '"@opentelemetry/api": "^1"}}'},
        files=["SECURITY.md"],
        contents={"src/clients/pay.ts": "fetch(url, {timeout: 5})"},
    )  # fmt: skip
    assert (fixed.verdict, fixed.violations, fixed.passed_over, fixed.rules) == ("pass", (), (), 4)


def test_a_check_keeps_the_counts_and_nothing_of_the_project(governed):
    checked(governed)

    with governed.acting("architect"):
        event = Event.objects.get(type="policy.checked")
    assert event.payload == {
        "verdict": "block",
        "violations": {"info": 0, "warn": 3, "block": 1},
        "rules": 4,
    }
    assert "lodash" not in str((event.before, event.after, event.reason))


def test_what_could_not_be_checked_is_said(governed):
    report = checked(governed, files=["src/clients/b.ts"], contents={}, manifests={})

    assert [(p.origin.rule_id, p.why) for p in report.passed_over] == [
        ("client-timeout", "the contents of 1 file were not given")
    ]
    unlisted = checked(governed, files=None, contents={}, manifests={})
    assert [(p.origin.rule_id, p.why) for p in unlisted.passed_over] == [
        ("security-file", "no list of files was given")
    ]


def test_a_rule_is_off_where_it_is_excepted_and_does_not_bind_a_named_role(company):
    place = "/".join(company.scopes[key].slug for key in ("company", "platform", "api"))
    make_active(company, cedar="", rules=[{**SECURITY, "except_in": [place]},
                                          {**LODASH, "roles": ["architect"]}])  # fmt: skip

    assert [row[3] for row in told(checked(company))] == ["no-old-lodash"]
    assert [row[3] for row in told(checked(company, scope="shop"))] == [
        "no-old-lodash", "security-file",
    ]  # fmt: skip
    report = checked(company, by="architect")
    assert (report.violations, [p.why for p in report.passed_over]) == (
        (), ["it does not bind somebody with your role", "it does not hold in this place"],
    )  # fmt: skip


@pytest.mark.parametrize(("mode", "count"), [("optional", 0), ("mandatory", 1), ("forbidden", 1)])
def test_an_exception_below_counts_only_under_what_is_optional(company, mode, count):
    allow = {**LODASH, "id": "ours", "effect": "allow", "message": "", "alternatives": []}
    make_active(company, name="ours", cedar="", scope_id=company.scopes["api"].id, rules=[allow])
    make_active(company, cedar="", rules=[{**LODASH, "versions": "<4"}], mode=mode)

    old = {"package.json": '{"dependencies": {"lodash": "3.0.0"}}'}
    assert len(checked(company, manifests=old).violations) == count
    assert len(checked(company, manifests=old, scope="shop").violations) == 1


@pytest.mark.gap("UX-M2")
def test_a_working_copy_is_tried_as_if_it_were_in_force(governed):
    licence = {**SECURITY, "id": "lic", "path": "LICENSE", "severity": "block"}
    draft = make_policy(governed, name="idea", cedar="", severity="block", rules=[licence])
    api = governed.scopes["gateway"].id
    given = {"scope_id": api, "manifests": MANIFESTS, "files": []}

    with governed.acting("viewer"):
        report = simulate_policy(policy_id=draft.id, **given)
    assert [(v.origin.rule_id, v.origin.version) for v in report.violations][:1] == [("lic", None)]
    assert "lic" not in [row[3] for row in told(checked(governed))]


def test_a_working_copy_stands_instead_of_its_own_version_in_force(company):
    policy = make_active(company, cedar="", rules=[SECURITY])
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, rules=[LODASH])
    given = {"scope_id": company.scopes["api"].id, "manifests": {}, "files": []}

    with company.acting("viewer"):
        assert simulate_policy(policy_id=policy.id, **given).violations == ()
        assert len(check_project(**given).violations) == 1


def test_a_policy_is_not_tried_where_it_does_not_reach(company):
    draft = make_policy(company, scope_id=company.scopes["api"].id, cedar=PERMIT)

    with company.acting("viewer"), pytest.raises(Invalid) as caught:
        simulate_policy(policy_id=draft.id, scope_id=company.scopes["shop"].id, manifests={})
    name = company.scopes["api"].name
    assert caught.value.fields == {
        "scope_id": [f"baseline is a policy of {name} and does not reach this place."]
    }


def test_nobody_without_a_role_checks_and_nothing_is_recorded_but_the_denial(company):
    with pytest.raises(Forbidden), company.acting("outsider"):
        check_project(scope_id=company.scopes["api"].id, manifests={})
    with company.acting("architect"):
        kinds = Event.objects.filter(type__startswith="policy.").values_list("type", flat=True)
        assert list(kinds) == ["policy.check.denied"]


def test_another_companys_place_and_policy_are_as_unknown_as_none(company, other_company):
    policy = make_policy(company, cedar=PERMIT)
    mine = other_company.scopes["api"].id
    with other_company.acting("tenant_admin"), pytest.raises(NotFound, match="no such scope"):
        check_project(scope_id=company.scopes["api"].id, manifests={})
    with other_company.acting("tenant_admin"), pytest.raises(NotFound, match="no such policy"):
        simulate_policy(policy_id=policy.id, scope_id=mine, manifests={})


def test_rest_checks_tries_out_and_tells_what_holds(governed):
    person = caller(governed, "viewer")
    api = governed.scopes["gateway"].id
    body = {"manifests": MANIFESTS, "files": [], "contents": CONTENTS}

    answer = person.send("POST", f"scopes/{api}/check", body).json()
    assert (answer["verdict"], answer["counts"]) == ("block", {"info": 0, "warn": 3, "block": 1})
    assert answer["violations"][0]["origin"]["policy"] == "security-baseline"
    held = person.send("GET", f"scopes/{api}/effective-policy").json()
    assert [policy["name"] for policy in held["policies"]] == [
        "api-conventions", "platform-standards", "security-baseline",
    ]  # fmt: skip
    rule = held["policies"][2]["rules"][0]
    assert (rule["says"], rule["origin"]["name"]) == (
        "Forbids lodash <4.17.21 (npm).", "security-baseline",
    )  # fmt: skip
    tried = person.send(
        "POST",
        f"policies/{rule['origin']['policy_id']}/simulate",
        {"scope_id": str(api), "manifests": {}, "files": ["SECURITY.md"]},
    ).json()
    assert tried["verdict"] == "warn" if tried["violations"] else tried["verdict"] == "pass"
    wrong = person.send("POST", f"scopes/{api}/check", {"manifests": {"package.json": "{"}})
    assert (wrong.status_code, list(wrong.json()["fields"])) == (422, ["manifests"])


def test_the_page_of_a_place_tells_who_overrode_whom(company):
    root, team = company.scopes["company"], company.scopes["api"]
    make_active(company, cedar="", rules=[LODASH])
    make_active(company, scope_id=team.id, cedar="", rules=[SECURITY], merge_strategy="override")
    page = browser(company, "viewer")

    here = page.get(f"/policies/effective/{team.id}/").content.decode()
    assert f"by baseline of {team.name}" in here
    assert "Requires a file SECURITY.md." in here
    assert "lodash" not in here
    assert "Forbids lodash" in page.get(f"/policies/effective/{root.id}/").content.decode()
    file = page.get(f"/policies/effective/{team.id}/?format=csv").content.decode()
    rows = list(csv.DictReader(StringIO(file)))
    assert [(r["rule"], r["comes_from"], r["version"]) for r in rows] == [
        ("security-file", team.name, "1")
    ]


def test_the_page_checks_what_is_pasted_and_says_what_is_wrong(governed):
    page = browser(governed, "viewer")
    url = f"/policies/check/{governed.scopes['gateway'].id}/"
    fields = {"manifest_name": "package.json", "manifest": MANIFESTS["package.json"],
              "paths": "src/a.ts\n", "policy_id": ""}  # fmt: skip

    shown = page.post(url, fields)
    assert shown.status_code == 200
    text = shown.content.decode()
    assert "Blocked" in text
    assert "package.json:1" in text
    assert "Instead: lodash &gt;= 4.17.21, es-toolkit" in text
    wrong = page.post(url, {**fields, "manifest": "{"})
    assert wrong.status_code == 422
    assert "package.json is not JSON" in wrong.content.decode()
    odd = page.post(url, {**fields, "manifest_name": "setup.cfg"})
    assert "setup.cfg is no manifest that is known." in odd.content.decode()


def test_nothing_holds_at_an_archived_place_and_nothing_is_checked_there(company):
    make_active(company, cedar="", rules=[LODASH])
    team = company.scopes["api"].id
    person = caller(company, "tenant_admin")
    person.send("POST", f"scopes/{team}/archive", {"reason": "merged"})

    held = person.send("GET", f"scopes/{team}/effective-policy")
    checked = person.send("POST", f"scopes/{team}/check", {"manifests": MANIFESTS})

    assert (held.status_code, held.json()["policies"]) == (200, [])
    assert (checked.status_code, checked.json()["fields"]) == (
        409,
        {"scope_id": ["It is archived."]},
    )
