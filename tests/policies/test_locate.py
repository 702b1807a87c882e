"""Where Cedar errors are reported: inside the text always, exactly where they were planted."""

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.policies.cedar import find_problems, parsed_agent_schema
from apps.policies.locate import locate_errors
from apps.policies.tokens import LINE_END, statements_of, tokens_of

GOOD = (
    "permit (principal, action, resource);",
    'forbid (principal is Agent, action == Action::"read_file", resource is File)\n'
    'when { resource has path && resource.path like "*.env; // not the end" };',
    '// a comment; with a semicolon and "a quote\npermit (principal, action, resource);',
    '@note("größer; ✓ 🦊")\npermit (principal, action == Action::"deploy", resource)\n'
    "when { context has mfa && context.mfa }\nunless { context has hour && context.hour < 6 };",
)
PIECES = (
    "permit",
    "forbid",
    "when",
    "principal",
    "action",
    "7",
    "\r",
    "\n",
    *"""(){}[];,."@!=<>\\é✓""",
)
MARK = "⟦"

# The mark stands where the error must be reported; it is taken out before the text is checked.
PLANTED = (
    ("permit (principal ⟦action, resource);", "Unexpected `action`."),
    ("permit (principal, action, resource);⟦;", "Unexpected `;`."),
    ("permit (principal, action, resource) when { 1 + ⟦};", "Unexpected `}`."),
    ("permit (principal, action, resource) ⟦# ;", "Unexpected `#`."),
    ("permit (principal, action, resource) when { principal.⟦é };", "Unexpected `é`."),
    ("permit (principal, action, resource⟦", "Unexpected end: the statement is not finished."),
    ('permit (principal, action, resource) when { ⟦"open };', "This string is not closed."),
    ("⟦allow (principal, action, resource);", "Invalid policy effect: allow"),
    ("permit (principal, action, resource) when { ⟦foo == 1 };", "Invalid variable: foo"),
    (
        "permit (principal, action, resource) when { {foo: 1}.foo == ⟦foo };",
        "Invalid variable: foo",
    ),
    (
        "permit (principal, action, resource) when { context.bar == 1 && principal.⟦bar() };",
        "`bar` is not a valid method",
    ),
    (
        "permit (principal, action, resource) when { true } ⟦banana { true };",
        "Invalid policy condition: banana",
    ),
    ('@a("1") @⟦a("2") permit (principal, action, resource);', "Duplicate annotation: @a"),
    (
        "permit (principal, action, resource) when { {a: 1, ⟦a: 2}.a == 1 };",
        "Duplicate key `a` in record literal",
    ),
    (
        r'permit (principal, action, resource) when { "fine" == ⟦"\q" };',
        r"The input `\q` is not a valid escape",
    ),
    (
        "permit (principal, action, resource) when { 1 == ⟦9223372036854775808 };",
        "Integer literal `9223372036854775808` is too large",
    ),
    (
        'permit (principal, action == ⟦Action::"nope", resource);',
        'Unrecognized action `Action::"nope"`',
    ),
    (
        'permit (principal == ⟦Usr::"ann", action, resource);',
        "Unrecognized entity type `Usr`",
    ),
    (
        'permit (principal, action == Action::"use_dependency", resource)\n'
        'when { context has source && context.source == "nmae" && resource.⟦nmae like "x" };',
        "Attribute `nmae` on entity type `Dependency` not found",
    ),
    (
        'permit (principal, action == Action::"deploy", resource) when { context.⟦mfa };',
        'Unable to guarantee safety of access to optional attribute `mfa` in context for Action::"deploy"',  # noqa: E501
    ),
    (
        'permit (principal, action == Action::"deploy", resource) when { [1] == ⟦[] };',
        "Empty set literals are forbidden in policies",
    ),
    (
        'permit (principal, action == Action::"deploy", resource) ⟦when { 1 + "a" == 2 };',
        "Unexpected type: expected Long but saw String",
    ),
    (
        'permit (principal, ⟦action == Action::"deploy", resource is File);',
        "Unable to find an applicable action given the policy scope constraints",
    ),
    (
        "permit (principal == ⟦?principal, action, resource);",
        "Template slots are not supported: name the principal or the resource.",
    ),
)


def place_of_mark(text: str) -> tuple[str, int, int]:
    """Return the text without its mark, and the line and column where the mark was."""
    before = text[: text.index(MARK)]
    lines = LINE_END.split(before)
    return text.replace(MARK, ""), len(lines), len(lines[-1]) + 1


def found(text: str) -> list[tuple[int, int, str]]:
    return [(p.line, p.column, p.message) for p in locate_errors(text, parsed_agent_schema())]


@pytest.mark.parametrize("good", GOOD)
def test_a_valid_policy_has_no_problem(good: str) -> None:
    assert found(good) == []


@pytest.mark.parametrize(("planted", "message"), PLANTED)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_planted_error_is_reported_exactly_there(
    planted: str, message: str, newline: str
) -> None:
    whole = "\n".join([*GOOD, "", planted]).replace("\n", newline)
    text, line, column = place_of_mark(whole)

    assert found(text) == [(line, column, message)]


@given(
    before=st.lists(st.sampled_from(GOOD), max_size=4),
    planted=st.sampled_from(PLANTED),
    newline=st.sampled_from(["\n", "\r\n", "\n\n  \t"]),
)
@settings(max_examples=150, deadline=None)
def test_an_error_is_found_among_any_statements_before_it(
    before: list[str], planted: tuple[str, str], newline: str
) -> None:
    text, line, column = place_of_mark(newline.join([*before, planted[0]]))

    assert found(text) == [(line, column, planted[1])]


@given(
    text=st.one_of(
        st.text(max_size=200),
        st.lists(
            st.sampled_from(PIECES),
            max_size=60,
        ).map(" ".join),
    )
)
@settings(max_examples=400, deadline=None)
def test_every_reported_place_is_inside_the_text(text: str) -> None:
    lines = LINE_END.split(text)

    for problem in find_problems(text):
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        assert problem.message


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_tokens_keep_their_text_and_order(text: str) -> None:
    tokens = tokens_of(text)

    assert [text[t.start : t.end] for t in tokens] == [t.text for t in tokens]
    assert [t.start for t in tokens] == sorted(t.start for t in tokens)
    assert [t for s in statements_of(tokens) for t in s.tokens] == tokens


@given(st.lists(st.sampled_from(GOOD), min_size=1, max_size=5))
@settings(deadline=None)
def test_each_statement_is_cut_where_cedar_cuts_it(parts: list[str]) -> None:
    text = "\n".join(parts)

    statements = statements_of(tokens_of(text))

    assert len(statements) == len(parts)
    for statement in statements:
        cedarpy.PolicySet.from_str(text[statement.start : statement.end])


def test_two_errors_of_the_same_words_have_two_places() -> None:
    text = 'permit (principal, action == Action::"deploy", resource) when { [] == [] };'

    assert [(line, column) for line, column, _ in found(text)] == [(1, 65), (1, 71)]


def test_each_broken_statement_is_reported() -> None:
    text = "permit (principal action, resource);\npermit (principal, action, resource);\nno;"

    assert found(text) == [(1, 19, "Unexpected `action`."), (3, 3, "Unexpected `;`.")]


@pytest.mark.parametrize("empty", ["", "  \n", "// only a comment", "\r\n// a\r\n"])
def test_text_without_a_statement_says_so(empty: str) -> None:
    problems = find_problems(empty)

    assert [(p.line, p.column, p.message) for p in problems] == [
        (1, 1, "Write at least one policy statement.")
    ]


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("(" * 5000 + "true" + ")" * 5000, "Nests more than 100 brackets."),
        ("[" * 5000, "Nests more than 100 brackets."),
        ('"a\r" == "b" || ' + "{a:" * 5000, "Nests more than 100 brackets."),
        (
            "true && " * 5000 + "true",
            "Chains more than 1000 operators; use sets or several policies.",
        ),
        ("!" * 5000 + "true", "Chains more than 1000 operators; use sets or several policies."),
    ],
)
def test_text_that_would_exhaust_the_parser_is_refused_before_it(
    expression: str, message: str
) -> None:
    text = f"permit (principal, action, resource) when {{ {expression} }};"

    assert [m for _, _, m in found(text)] == [message]


def test_thousands_of_tokens_are_located_without_parsing_them_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from apps.policies import locate

    parsed: list[int] = []
    real = locate._parse_error
    monkeypatch.setattr(locate, "_parse_error", lambda text: parsed.append(1) or real(text))
    names = ", ".join(f'User::"u{number}"' for number in range(3000))
    text = f'permit (principal in [{names} User::"last"], action, resource);'

    (problem,) = locate.locate_errors(text, parsed_agent_schema())

    assert (problem.line, problem.message) == (1, "Unexpected `User`.")
    assert problem.column == text.index('User::"last"') + 1
    assert len(parsed) <= 2 + 14


def test_text_that_is_too_long_is_refused_unparsed() -> None:
    (problem,) = find_problems("x" * 50_001)

    assert problem.message == "At most 50000 characters; these are 50001."
