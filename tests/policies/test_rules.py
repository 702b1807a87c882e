"""Reading and writing rules: what is refused, and the one form that is kept."""

import json
import math

import pytest

from apps.kernel.errors import Invalid
from apps.policies.rules import dump_rules, parse_rules, parse_text, rules_text
from apps.policies.rules.sentence import sentence_of
from apps.policies.rules.types import MAX_RULES

LODASH = {
    "id": "no-old-lodash", "target": "dependency", "effect": "forbid", "ecosystem": "npm",
    "name": "lodash", "versions": "<4.17.21", "message": "Prototype pollution",
    "alternatives": ["lodash >= 4.17.21", "es-toolkit"],
}  # fmt: skip
SECURITY = {"id": "security-file", "target": "file", "effect": "require", "path": "SECURITY.md"}
PRINT = {"id": "no-print", "target": "code", "effect": "forbid", "pattern": r"^\s*print\("}
REQUESTS = {"id": "no-requests", "target": "import", "effect": "forbid", "module": "requests"}
DEBUG = {
    "id": "no-debug", "target": "config", "effect": "forbid", "file": "**/*.toml",
    "key": "app.debug", "equals": False, "severity": "block",
    "except_in": ["meridian/payments"], "roles": ["architect"],
}  # fmt: skip
ALL = [LODASH, SECURITY, PRINT, REQUESTS, DEBUG]


def faults(value):
    with pytest.raises(Invalid) as caught:
        parse_rules(value)
    assert list(caught.value.fields) == ["rules"]
    return caught.value.fields["rules"]


def test_rules_survive_being_written_and_read_again():
    rules = parse_rules(ALL)

    assert [rule.id for rule in rules] == [
        "no-debug", "no-old-lodash", "no-print", "no-requests", "security-file",
    ]  # fmt: skip
    assert parse_rules(dump_rules(rules)) == rules
    assert sorted(dump_rules(rules), key=lambda r: r["id"]) == sorted(ALL, key=lambda r: r["id"])


def test_the_same_rules_are_the_same_bytes_however_they_were_written():
    shuffled = [dict(reversed(rule.items())) for rule in reversed(ALL)]
    spelled_out = [{**rule, "severity": rule.get("severity", "warn")} for rule in shuffled]
    spelled_out[2]["path"] = "**"
    for rule, plain in zip(spelled_out, shuffled, strict=True):
        if "severity" not in plain:
            del rule["severity"]

    assert rules_text(parse_rules(spelled_out)) == rules_text(parse_rules(ALL))
    assert parse_text(rules_text(parse_rules(ALL))) == parse_rules(ALL)


def test_no_rules_are_no_text():
    assert (rules_text(()), parse_text(" \n"), dump_rules(())) == ("", (), [])


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"id": "Bad Id"}, "rules[1].id: use 1 to 64 of a-z, 0-9 and -."),
        ({"id": ""}, "rules[1].id: this is needed."),
        ({"id": "no-print"}, "rules[1].id: another rule is no-print too."),
        ({"target": "person"},
         "rules[1].target: choose one of dependency, file, code, import, config."),
        ({"effect": "maybe"}, "rules[1].effect: choose one of forbid, require, allow."),
        ({"effect": None}, "rules[1].effect: this is needed."),
        ({"severity": "fatal"}, "rules[1].severity: choose one of info, warn, block."),
        ({"ecosystem": "pip"}, "rules[1].ecosystem: choose one of npm, pypi, cargo, go, maven."),
        ({"versions": "before 4"},
         "rules[1].versions: before 4 is no range of versions."),
        ({"name": 7}, "rules[1].name: this is text."),
        ({"message": "x" * 501}, "rules[1].message: at most 500 characters; these are 501."),
        ({"message": "a\x00"}, "rules[1].message: control characters are not allowed."),
        ({"message": "\ud800"}, "rules[1].message: control characters are not allowed."),
        ({"alternatives": "es-toolkit"}, "rules[1].alternatives: this is a list."),
        ({"alternatives": [1]}, "rules[1].alternatives: this is text."),
        ({"except_in": ["Meridian Payments"]},
         "rules[1].except_in: name a place by its slugs, such as company/organization/team."),
        ({"roles": ["king"]},
         "rules[1].roles: choose one of viewer, developer, tech_lead, architect, admin, "
         "tenant_admin."),
        ({"pattern": "x"}, "rules[1].pattern: a dependency rule has no such field."),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_its_place(change, fault):
    assert faults([PRINT, {**LODASH, **change}]) == [fault]


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ({**SECURITY, "path": "/etc/passwd"},
         "rules[0].path: write the path from the project's root, with forward slashes."),
        ({**SECURITY, "path": "a\\b"},
         "rules[0].path: write the path from the project's root, with forward slashes."),
        ({**SECURITY, "path": "../x"}, "rules[0].path: a path stays inside the project."),
        ({**PRINT, "pattern": "("},
         "rules[0].pattern: this is no regular expression that RE2 reads: missing ): (."),
        ({**PRINT, "pattern": "x{0,1000}" * 30},
         "rules[0].pattern: this is no regular expression that RE2 reads: "
         "pattern too large - compile failed."),
        ({**REQUESTS, "module": "a b"},
         "rules[0].module: name a module, such as requests or lodash/fp."),
        ({**DEBUG, "key": "a..b"},
         "rules[0].key: name a setting by its parts, such as tool.ruff.line-length."),
        ({**DEBUG, "pattern": "x"},
         "rules[0].pattern: give either a pattern or a value, not both."),
        ({**DEBUG, "equals": [1]}, "rules[0].equals: give a text, a number, true or false."),
        ({**DEBUG, "equals": math.nan},
         "rules[0].equals: give a number that every program reads alike."),
        ({**DEBUG, "equals": 10**30},
         "rules[0].equals: give a number that every program reads alike."),
        ({**DEBUG, "equals": ""},
         "rules[0].equals: leave this out to ask only that there is a value."),
        ("x", "rules[0]: a rule is an object."),
    ],
)  # fmt: skip
def test_what_a_target_cannot_take_is_named(rule, fault):
    assert faults([rule]) == [fault]


def test_too_many_rules_are_refused():
    many = [{**SECURITY, "id": f"r{n}"} for n in range(MAX_RULES + 1)]

    assert faults(many) == ["At most 300 rules; these are 301."]
    assert faults({"id": "x"}) == ["The rules are a list."]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[\n  {"id": }\n]', "This is not JSON: line 2, column 10: Expecting value."),
        ("[" * 100_000, "This nests too deep, or holds a number with too many digits."),
        ("[" + "1" * 5000 + "]", "This nests too deep, or holds a number with too many digits."),
    ],
)
def test_text_that_is_not_json_is_named_with_its_place(text, fault):
    with pytest.raises(Invalid) as caught:
        parse_text(text)

    assert caught.value.fields == {"rules": [fault]}


def test_each_rule_has_a_sentence():
    more = [
        {**PRINT, "id": "z1", "effect": "require", "path": "src/*.py"},
        {**DEBUG, "id": "z2", "equals": None, "pattern": "^x$"},
    ]

    assert [sentence_of(rule) for rule in parse_rules([*ALL, *more])] == [
        "Forbids app.debug to be false in **/*.toml.",
        "Forbids lodash <4.17.21 (npm).",
        r"Forbids lines that match ^\s*print\(.",
        "Forbids imports of requests.",
        "Requires a file SECURITY.md.",
        r"Requires a line that matches ^\s*print\( in every file src/*.py.",
        "Forbids app.debug to match ^x$ in **/*.toml.",
    ]
    assert json.loads(rules_text(parse_rules(more)))[1].get("equals") is None
