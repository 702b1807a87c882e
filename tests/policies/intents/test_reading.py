"""An intent is read whole, asked about or refused, and the same words give the same bytes."""

import subprocess
import sys

import pytest

from apps.policies.intents import (
    Ambiguous,
    Contradictory,
    NotUnderstood,
    Place,
    Setting,
    Understood,
    read_intent,
)
from apps.policies.intents.cases import WORLD
from apps.policies.intents.types import MAX_INTENT_CHARACTERS
from tests.environment import ROOT

PLACES = tuple(Place(*place) for place in WORLD)
COMPANY = Setting(here=PLACES[0], places=PLACES)
LODASH = {
    "ecosystem": "npm", "effect": "forbid", "id": "no-lodash", "name": "lodash",
    "target": "dependency",
}  # fmt: skip
NO_DEPLOY = 'forbid (\n  principal,\n  action == Action::"deploy",\n  resource\n)'

pytestmark = pytest.mark.gap("UX-H5")


def read(intent, *, setting=COMPANY, **answers):
    return read_intent(intent, setting, answers)


def draft_of(intent, **answers):
    outcome = read_intent(intent, COMPANY, answers)
    assert isinstance(outcome, Understood), outcome
    return outcome.draft


@pytest.mark.parametrize(
    ("intent", "versions"),
    [
        ("Block lodash below 4.17.21", "<4.17.21"),
        ("lodash before version 4.17.21 is banned", "<4.17.21"),
        ("We don't want lodash older than 4.17.21", "<4.17.21"),
        ("lodash must be at least 4.17.21", "<4.17.21"),
        ("Block lodash <= 4.17.20", "<=4.17.20"),
        ("Do not use lodash 4.17.20 or older", "<=4.17.20"),
        ("Block lodash from 4.0.0 to 4.17.20", ">=4.0.0 <=4.17.20"),
        ("Block lodash >=4.0.0 <4.17.21", ">=4.0.0 <4.17.21"),
        ("Block lodash ^4.0.0", ">=4.0.0 <5.0.0"),
        ("block lodash 4.x", ">=4.0.0 <5.0.0"),
        ("block lodash@4.17.20", "=4.17.20"),
        ("Please ban any version of lodash after 4.17.20!", ">4.17.20"),
    ],
)
def test_versions_are_read_however_they_are_said(intent, versions):
    draft = draft_of(intent)

    assert draft.rules == ({**LODASH, "versions": versions},)
    assert (draft.severity, draft.cedar) == ("block", "")


@pytest.mark.parametrize(
    ("intent", "ecosystem", "name", "versions"),
    [
        ("Block django older than 3.2", "pypi", "django", "<3.2"),
        ("Block the crate serde before 1.0.100", "cargo", "serde", "<1.0.100"),
        ("Block github.com/gin-gonic/gin < 1.9.1", "go", "github.com/gin-gonic/gin", "<v1.9.1"),
        (
            "Block log4j-core from 2.0 to 2.14.1", "maven",
            "org.apache.logging.log4j:log4j-core", "[2.0,2.14.1]",
        ),
        ("Ban pkg:npm/event-stream@3.3.6", "npm", "event-stream", "=3.3.6"),
        ("Ban the PyPI package frobnicate < 2", "pypi", "frobnicate", "<2"),
    ],
)  # fmt: skip
def test_each_ecosystem_gets_its_own_notation(intent, ecosystem, name, versions):
    (rule,) = draft_of(intent).rules

    assert (rule["ecosystem"], rule["name"], rule["versions"]) == (ecosystem, name, versions)


def test_a_ban_without_versions_is_told_to_agents_too():
    draft = draft_of("Block left-pad because it vanished once. Use is-odd instead.")

    assert [rule["name"] for rule in draft.rules] == ["left-pad"]
    assert 'resource == Dependency::"left-pad"' in draft.cedar
    assert draft.cedar.startswith('forbid (\n  principal,\n  action == Action::"use_dependency"')


def test_reason_alternatives_severity_and_mode_are_kept():
    draft = draft_of(
        "Block lodash below 4.17.21 because of prototype pollution, use es-toolkit instead"
    )
    warned = draft_of("Warn about moment (mandatory)")

    (rule,) = draft.rules
    assert (rule["message"], rule["alternatives"]) == ("Prototype pollution", ["es-toolkit"])
    assert (warned.severity, warned.mode, warned.cedar) == ("warn", "mandatory", "")


@pytest.mark.parametrize(
    ("intent", "rule"),
    [
        ("Every project must have a SECURITY.md",
         {"target": "file", "effect": "require", "path": "SECURITY.md"}),
        ("No .env files in the repository",
         {"target": "file", "effect": "forbid", "path": "**/*.env"}),
        ("Python code must not contain `eval(`",
         {"target": "code", "effect": "forbid", "path": "**/*.py", "pattern": r"eval\("}),
        ("No console.log in src/**/*.ts",
         {"target": "code", "effect": "forbid", "path": "src/**/*.ts", "pattern": r"console\.log"}),
        ("Do not import requests in Python files",
         {"target": "import", "effect": "forbid", "path": "**/*.py", "module": "requests"}),
        ("tsconfig.json must set compilerOptions.strict to true",
         {"target": "config", "effect": "require", "file": "tsconfig.json",
          "key": "compilerOptions.strict", "equals": True}),
        ("package.json must have engines.node",
         {"target": "config", "effect": "require", "file": "package.json", "key": "engines.node"}),
    ],
)  # fmt: skip
def test_files_code_imports_and_settings_become_rules(intent, rule):
    (found,) = draft_of(intent).rules

    assert {name: value for name, value in found.items() if name != "id"} == rule


@pytest.mark.parametrize(
    ("intent", "cedar"),
    [
        ("Require MFA for deployments",
         f"{NO_DEPLOY}\nunless {{ context has mfa && context.mfa }};\n"),
        ("Nobody deploys between midnight and six",
         f"{NO_DEPLOY}\nunless {{ context has hour && context.hour >= 6 }};\n"),
        ("Only humans may deploy", f"{NO_DEPLOY}\nunless {{ principal is User }};\n"),
        ("Deployments are reserved for the cards team",
         f'{NO_DEPLOY}\nunless {{ principal in Scope::"meridian/payments/cards" }};\n'),
        ("Don't deploy without a reason",
         f'{NO_DEPLOY}\nunless {{ context has reason && context.reason != "" }};\n'),
    ],
)  # fmt: skip
def test_who_may_do_what_and_when_becomes_cedar(intent, cedar):
    draft = draft_of(intent)

    assert (draft.cedar, draft.rules) == (cedar, ())


def test_an_exception_by_team_turns_both_bodies_off_there():
    draft = draft_of("Block left-pad except in the ledger team")

    assert draft.rules[0]["except_in"] == ["meridian/payments/ledger"]
    assert 'unless { resource in Scope::"meridian/payments/ledger" }' in draft.cedar


def test_a_place_makes_it_a_policy_of_that_place():
    draft = draft_of("In the payments organization, agents may not run nmap")

    assert draft.place == "meridian/payments"
    assert 'resource is Tool in Scope::"meridian/payments"' in draft.cedar


@pytest.mark.gap("UX-M3")
def test_what_means_two_things_is_asked_and_the_answer_decides():
    asked = read("Block MySQL")
    driver, both = (draft_of("Block MySQL", **{asked.key: value}) for value in ("driver", "both"))

    assert isinstance(asked, Ambiguous)
    assert [choice.value for choice in asked.choices] == ["driver", "server", "both"]
    assert {rule["target"] for rule in driver.rules} == {"dependency"}
    assert {rule["target"] for rule in both.rules} == {"dependency", "code"}
    assert 'Tool::"mysql"' in both.cedar
    assert 'Tool::"mysql"' not in driver.cedar


@pytest.mark.parametrize(
    ("intent", "key"),
    [
        ("Block frobnicate", "ecosystem:frobnicate"),
        ("Block react 16", "series:16"),
        ("Block lodash up to 4.17.20", "up-to:4.17.20"),
        ("Require lodash >= 4.17.21", "floor"),
        ("Nobody may deploy at night", "hours:the night"),
        ("No deploys outside working hours", "hours:working hours"),
        ("Block *.pem files", "files:*.pem file"),
        ("Block deployments to production", "environment"),
        ("Agents may not use frobnicate", "thing:frobnicate"),
    ],
)
@pytest.mark.gap("UX-M3")
def test_it_asks_rather_than_guesses(intent, key):
    asked = read(intent)

    assert isinstance(asked, Ambiguous), asked
    assert asked.key == key
    assert isinstance(read_intent(intent, COMPANY, {key: asked.choices[0].value}), Understood)
    assert read_intent(intent, COMPANY, {key: "something else"}) == asked


@pytest.mark.parametrize(
    ("intent", "said"),
    [
        ("Block lodash and require lodash", "lodash is both forbidden and required"),
        ("Agents may deploy. Agents must not deploy.", "allows and forbids the same: deploy"),
        ("Block lodash below 5.0.0 and block lodash above 4.0.0", "every version of lodash"),
        ("SECURITY.md must exist. No SECURITY.md in the repository.", "SECURITY.md is both"),
    ],
)
def test_what_contradicts_itself_is_told_with_both_halves(intent, said):
    outcome = read(intent)

    assert isinstance(outcome, Contradictory), outcome
    assert said in outcome.reason


@pytest.mark.parametrize(
    ("intent", "is_beyond"),
    [
        ("Block deployments on Fridays", True),
        ("Block lodash unless approved by security", True),
        ("Should we ban moment?", False),
        ("Not all agents may deploy", False),
        ("Block GPL packages", False),
        ("Make everything secure", False),
        ("Block lodash in the astronomy team", False),
        ("", False),
        ("Block lodash when it rains", False),
        ("Blok lodash", False),
        ("x" * (MAX_INTENT_CHARACTERS + 1), False),
    ],
)
def test_what_it_cannot_read_it_says_so(intent, is_beyond):
    outcome = read(intent)

    assert isinstance(outcome, NotUnderstood), outcome
    assert outcome.is_beyond == is_beyond
    assert outcome.reason


def test_below_the_company_a_policy_keeps_to_its_place():
    ledger = next(place for place in PLACES if place.path.endswith("/ledger"))
    here = Setting(here=ledger, places=PLACES)

    inside = read("Only architects may deploy", setting=here)
    outside = read("In the data organization, block left-pad", setting=here)

    assert isinstance(inside, Understood)
    assert 'resource in Scope::"meridian/payments/ledger"' in inside.draft.cedar
    assert isinstance(outside, NotUnderstood)
    assert "not below" in outside.reason


def test_several_clauses_become_one_draft():
    draft = draft_of("Block left-pad and moment; require a README.md. Only admins may deploy.")

    assert sorted(rule["id"] for rule in draft.rules) == [
        "no-left-pad", "no-moment", "require-readme-md",
    ]  # fmt: skip
    assert draft.cedar.count("forbid (") == 2


def test_the_same_words_give_the_same_bytes_in_every_process():
    program = (
        "from apps.policies.intents import *; from apps.policies.intents.cases import WORLD;"
        "p = tuple(Place(*w) for w in WORLD); s = Setting(here=p[0], places=p);"
        "print([read_intent(t, s, {}) for t in ("
        "'Block left-pad, is-odd and moment except in the ledger team',"
        "'Only tech leads and architects may write company memory', 'Block MySQL')])"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env={"PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip

    assert len(runs) == 1
    assert "limit" in runs.pop()


def test_no_text_makes_it_fail_or_hang():
    words = ["block", "require", "only", "agents", "may", "not", "lodash", "in", "except", "and",
             "or", ",", ".", ";", "(", "<", "1.2.3"]  # fmt: skip
    for seed in range(300):
        text = " ".join(words[(seed * step + seed // 7) % len(words)] for step in range(1, 12))
        read(text)
    read("block " + "a " * 900)
    read("(" * 500 + "block" + '"' * 300)


@pytest.mark.parametrize(
    "intent",
    [
        "Makefile must not be present in Go projects.",
        "requests must not be used in Go services.",
        "In our Rust projects, README.md must be present.",
        "Agents may not deploy; nobody is exempt.",
        "Agents may not deploy. No team is exempt.",
        "Developers may deploy; architects don't.",
        "Agents must not deploy. Use MFA.",
        "Every project must have a README.md. Use dayjs.",
        "Nobody below architect or admin may deploy.",
        "Nobody may write memory of company, org or galaxy layer.",
        "Agents may only read knowledge of kind adr and approved guides.",
        "Agents may only run these tools: eslint, prettier and MFA.",
        "PyPI packages under the scope @acme are forbidden.",
        "Secrets don't belong in Git.",
        "Ban these packages from PyPI:",
    ],
)
def test_a_neighbour_of_a_wording_that_says_something_else_is_refused(intent):
    assert isinstance(read(intent), NotUnderstood)


def test_a_group_that_is_no_role_is_asked_about():
    outcome = read("Only seniors can deploy")

    assert isinstance(outcome, Ambiguous)
    assert outcome.question == "“seniors” is no role here. Which role is meant?"


@pytest.mark.parametrize(
    ("intent", "same"),
    [
        ("Nobody below architect may deploy", "Only architects or higher may deploy"),
        ("Company memory may be written by architects only",
         "Company memory may only be written by architects"),
        ("Agents must not deploy, even on behalf of an admin", "Agents must not deploy"),
        ("Deployments by people require MFA", "People must use MFA to deploy"),
        ("Developers need MFA to deploy; architects don't",
         "Developers need MFA to deploy, except for architects"),
        ("Agents must not deploy, except those in Cards", "Agents must not deploy, except agents"
         " in Cards"),
    ],
)  # fmt: skip
def test_another_wording_of_the_same_gives_the_same_statement(intent, same):
    assert draft_of(intent).cedar == draft_of(same).cedar


@pytest.mark.parametrize(
    "said",
    [
        "axios below 1.7.4 is forbidden (except in Ledger, CVE-2024-39338)",
        "axios below 1.7.4 is forbidden except in Ledger (CVE-2024-39338)",
        "axios below 1.7.4 (CVE-2024-39338) is forbidden except in Ledger",
        "axios below 1.7.4, affected by CVE-2024-39338, is forbidden except in Ledger",
        "CVE-2024-39338: axios below 1.7.4 is forbidden except in Ledger",
        "[PLAT-123] axios below 1.7.4 is forbidden except in Ledger",
        "Per PLAT-123, axios below 1.7.4 is forbidden except in Ledger",
        "axios below 1.7.4 is forbidden except in Ledger, see GHSA-8hc4-vh64-cxmj and PLAT-123",
        "axios below 1.7.4 is forbidden except in Ledger. See https://example.org/a?b=c.",
        "axios below 1.7.4 is forbidden except in Ledger. Reference: RUSTSEC-2020-0071.",
        "axios below 1.7.4 (SSRF, CVE-2024-39338) is forbidden except in Ledger - #4711",
    ],
)
def test_what_is_referred_to_is_no_subject_wherever_it_stands(said):
    draft = draft_of(said)

    assert draft.rules == (
        {"ecosystem": "npm", "effect": "forbid", "id": "no-axios", "name": "axios",
         "target": "dependency", "versions": "<1.7.4", "except_in": ["meridian/payments/ledger"]},
    )  # fmt: skip
    assert draft.cedar == ""


@pytest.mark.parametrize(
    "said",
    [
        "Block CVE-2024-39338",
        "Agents may use PLAT-123",
        "Agents may deploy for PLAT-123",
        "Block lodash except CVE-2024-39338",
        "Block lodash and GHSA-8hc4-vh64-cxmj",
    ],
)
def test_a_reference_in_the_place_of_a_subject_is_not_read(said):
    assert isinstance(read(said), NotUnderstood)


def test_a_severity_beside_a_reference_holds():
    assert draft_of("axios below 1.7.4 is forbidden (WARN, CVE-2024-39338).").severity == "warn"
