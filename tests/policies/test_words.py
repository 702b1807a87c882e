"""Cedar told in plain language, and what may mend what is not Cedar."""

import pytest

from apps.kernel.errors import Invalid
from apps.policies.cedar import find_problems, require_valid
from apps.policies.explanations import explain_body
from apps.policies.samples import STARTERS
from apps.policies.words import tell_policy

SCOPES = [
    ("permit (principal, action, resource);", "Anybody may do anything."),
    ("forbid (principal, action, resource);", "Nobody may do anything."),
    (
        'forbid (principal is Agent in Scope::"m/p", action == Action::"deploy", resource);',
        'No agent in the scope "m/p" may deploy.',
    ),
    (
        'permit (principal == User::"a@b", action in Action::"read", resource in Scope::"m");',
        'The person "a@b" may read a file, read memory or read knowledge in the scope "m".',
    ),
    (
        'forbid (principal == User::"a@b", action == Action::"run_tool", resource == Tool::"t");',
        'The person "a@b" may not run a tool, namely the tool "t".',
    ),
    (
        'permit (principal in User::"a@b", action in Action::"write", resource is File);',
        'Anybody who is, or belongs to, the person "a@b" may write a file, write memory or '
        "propose knowledge, where that is a file.",
    ),
]

CONDITIONS = [
    ("resource has path && resource.path == \"x\"", 'its path is "x"'),
    ("resource has path && resource.path != \"x\"", 'its path is known and its path is not "x"'),
    ('resource.path like "*.env"', 'its path ends in ".env"'),
    ('resource.path like "src/*"', 'its path starts with "src/"'),
    ('resource.path like "*key*"', 'its path contains "key"'),
    ('resource.path like "a*b"', 'its path fits "a*b", where * stands for any text'),
    ('resource.path like "a\\*b*c"', '`(resource.path) like "a\\*b*c"`'),
    ("context has mfa && context.mfa", "a second factor was used"),
    ("!context.mfa", "no second factor was used"),
    ("context.mfa == false", "no second factor was used"),
    ("context.mfa != false", "a second factor was used"),
    ("!(context has mfa && context.mfa)", "it is not so that (a second factor was used)"),
    ("context.hour < 6", "the hour of the day is less than 6"),
    ("context.hour + 1 <= 6", "`(context.hour) + 1` is at most 6"),
    ('principal.roles.contains("architect")', "whoever asks holds the role Architect"),
    (
        'principal.owner.roles.contains("tech_lead")',
        "the agent's owner holds the role TechLead",
    ),
    ('principal.roles.contains("x")', 'the roles of whoever asks includes "x"'),
    ('["a", "b"].containsAny(resource.tags)', '["a", "b"] includes any of its tags'),
    ('principal in Scope::"m"', 'whoever asks is in the scope "m"'),
    ("principal is Agent", "whoever asks is an agent"),
    (
        "context.hour < 6 || context.hour > 20 && context.mfa",
        "either the hour of the day is less than 6 or "
        "(the hour of the day is more than 20 and a second factor was used)",
    ),
    (
        'if context.mfa then resource.name == "x" else false',
        'if a second factor was used, then its name is "x", and otherwise never',
    ),
    (
        'ip("10.0.0.1").isInRange(ip("10.0.0.0/8"))',
        '`ip("10.0.0.1")` is an address in `ip("10.0.0.0/8")`',
    ),
    (
        'decimal("1.0").lessThan(decimal("2.0"))',
        '`decimal("1.0")` is less than `decimal("2.0")`',
    ),
    ('principal.hasTag("x")', '`principal.hasTag("x")`'),
    ("context has a.b", "`context.a` is known and `(context.a).b` is known"),
]  # fmt: skip

MISTAKES = [
    ('permit (principal, action, resource) when { resource.path = "x" };', "write `==`"),
    (
        "permit (principal, action, resource)",
        "Close every bracket, then end the statement with `;`.",
    ),
    ("permit (principal, action, resource) when { true and false };", "write `&&`"),
    ("permit (principal, action, resource) when { true or false };", "write `||`"),
    ("permit (principal is Agnt, action, resource);", "Did you mean `Agent`?"),
    (
        'permit (principal, action == Action::"deplyo", resource);',
        'Did you mean `Action::"deploy"`?',
    ),
    (
        'permit (principal, action == Action::"deploy", resource) when { context.huor < 3 };',
        "Did you mean `hour`?",
    ),
    (
        'permit (principal, action == Action::"deploy", resource) when { context.hour < 3 };',
        "ask `has hour` first",
    ),
    ("deny (principal, action, resource);", "Write `forbid`."),
    ("permit (principal, action, resource) when { 'x' == 1 };", "double quotes"),
]


@pytest.mark.parametrize(("cedar", "sentence"), SCOPES)
def test_a_statement_says_who_may_do_what(cedar, sentence):
    assert [one.sentence for one in tell_policy(cedar)] == [sentence]


@pytest.mark.parametrize(("condition", "words"), CONDITIONS)
def test_a_condition_is_told_or_else_quoted(condition, words):
    (told,) = tell_policy(f"permit (principal, action, resource) when {{ {condition} }};")
    assert told.when == (words,)


def test_several_conditions_are_joined_as_cedar_joins_them():
    (told,) = tell_policy(
        'forbid (principal, action == Action::"deploy", resource) '
        'when { context.hour < 6 } when { context.mfa } unless { principal in Scope::"m" } '
        "unless { principal is Agent };"
    )
    assert told.sentence == (
        "Nobody may deploy when (the hour of the day is less than 6) and (a second factor was "
        'used), unless (whoever asks is in the scope "m") or (whoever asks is an agent).'
    )


def test_a_permission_does_not_claim_to_be_the_only_one():
    (told,) = tell_policy(
        'permit (principal is User, action == Action::"deploy", resource) '
        "when { context has mfa && context.mfa };"
    )
    assert told.sentence == "Any person may deploy when a second factor was used."


def test_statements_are_told_in_the_order_of_the_text():
    many = "\n".join(f'permit (principal == User::"{n}", action, resource);' for n in range(12))
    assert [one.who for one in tell_policy(many)] == [f'The person "{n}" may' for n in range(12)]


@pytest.mark.parametrize("starter", STARTERS, ids=lambda one: one.slug)
def test_what_many_start_from_needs_no_quoted_cedar(starter):
    told = tell_policy(starter.cedar)
    assert told
    assert not any("`" in one.sentence for one in told)


def test_a_template_is_not_told():
    with pytest.raises(ValueError, match="a template has no one meaning"):
        tell_policy("permit (principal == ?principal, action, resource);")


@pytest.mark.parametrize(("cedar", "words"), MISTAKES)
def test_a_mistake_comes_with_what_may_mend_it(cedar, words):
    assert words in " ".join(one.suggestion for one in find_problems(cedar))


def test_a_refusal_names_place_fault_and_remedy():
    with pytest.raises(Invalid) as refused:
        require_valid("permit (principal, action, resource)")
    assert refused.value.fields == {
        "cedar": [
            "line 1, column 37: Unexpected end: the statement is not finished. "
            "Close every bracket, then end the statement with `;`."
        ]
    }


def test_a_rule_is_told_with_exceptions_reason_and_alternatives():
    rule = {
        "id": "no-moment", "target": "dependency", "effect": "forbid", "ecosystem": "npm",
        "name": "moment", "versions": "<3", "severity": "block", "message": "Unmaintained",
        "alternatives": ["date-fns"], "except_in": ["m/p"], "roles": ["architect"],
    }  # fmt: skip
    assert explain_body("", [rule]).rules == (
        "Forbids moment <3 (npm), except in m/p, and does not bind people with the role "
        "Architect. Severity: block. Why: Unmaintained. Instead: date-fns.",
    )
