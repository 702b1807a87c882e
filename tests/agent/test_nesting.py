"""Text that would exhaust the native parser's stack is refused before the parser sees it."""

import contextlib

import pytest
from aeterna_cedar_agent.engine import RefusedError, decide, load_revision
from aeterna_cedar_agent.nesting import (
    MAX_BRACKETS,
    MAX_DEPTH,
    TooDeepError,
    check_policy_text,
    check_schema_text,
)
from aeterna_cedar_agent.question import read_question
from aeterna_cedar_agent.revision import read_revision
from hypothesis import given
from hypothesis import strategies as st

from .samples import policy, question, snapshot


def when(expression: str) -> str:
    return f"permit(principal, action, resource) when {{ {expression} }};"


@pytest.mark.parametrize(
    ("cedar", "error"),
    [
        (when("(" * 5_000 + "true" + ")" * 5_000), "brackets"),
        (when("[" * 5_000 + "1" + "]" * 5_000 + " == [1]"), "brackets"),
        (when("{a:" * 5_000 + "1" + "}" * 5_000 + " == {}"), "brackets"),
        (when("context.mfa && " * 50_000 + "true"), "operators"),
        (when("context.mfa || " * 50_000 + "true"), "operators"),
        (when("1 + " * 50_000 + "1 == 2"), "operators"),
        (when(" && ".join(["(" + "context.mfa && " * 150 + "true)"] * 6)), "operators"),
        (when("if true then true else " * 50_000 + "true"), "operators"),
        (when("if true then " * 50_000 + "true" + " else true" * 50_000), "operators"),
        (when("principal" + ".a" * 50_000 + " has a"), "operators"),
        (when("[1]" + ".contains(1)" * 50_000), "operators"),
        (when('principal has a && "\r' + "(" * 5_000), None),
        ("// comment ends here \r" + when("(" * 5_000 + "true" + ")" * 5_000), "brackets"),
    ],
)
def test_a_policy_too_deep_for_the_engine_is_refused_and_not_parsed(
    cedar: str, error: str | None
) -> None:
    with pytest.raises(RefusedError) as caught:
        load_revision(read_revision(snapshot(policies=[policy("deep", cedar)])))
    assert (caught.value.stage, caught.value.policy) == ("parse", "deep")
    if error is not None:
        assert error in caught.value.error


def test_a_schema_too_deep_for_the_engine_is_refused() -> None:
    schema = "entity U {a: " + "{b: " * 5_000 + "Long" + "}" * 5_000 + "};"
    with pytest.raises(RefusedError, match="schema: nests more than 100 brackets"):
        load_revision(read_revision(snapshot(policies=[], entities=[], schema=schema)))


@pytest.mark.parametrize(
    "expression",
    [
        "(" * (MAX_BRACKETS - 2) + "true" + ")" * (MAX_BRACKETS - 2),
        " || ".join(["context.mfa"] * (MAX_DEPTH // 2 - 2)),
        "[" + ", ".join(f"-{n}" for n in range(3_000)) + "].contains(1) || true",
        "principal in [" + ", ".join(f'User::"a.b.c({n}"' for n in range(3_000)) + "] || true",
    ],
)
def test_what_is_let_through_loads_and_evaluates_without_error(expression: str) -> None:
    rows = [policy("wide", when(expression))]
    loaded = load_revision(read_revision(snapshot(policies=rows)))
    answer = decide(read_question(question()), loaded=loaded)
    assert (answer.decision, answer.reason, answer.errors) == ("Allow", ("wide",), ())


def test_brackets_in_strings_and_comments_do_not_count() -> None:
    text = "(" * 5_000
    check_policy_text(f"// {text}\n" + when(f'"{text}" like "*"'))


def test_statements_do_not_add_up() -> None:
    check_policy_text(when("context.mfa && context.mfa") * 2_000)


def test_angle_brackets_nest_in_a_schema_only() -> None:
    deep = "Set<" * 200 + "Long" + ">" * 200
    with pytest.raises(TooDeepError):
        check_schema_text(f"entity U {{ a: {deep} }};")
    check_policy_text(when("1 < 2" + " && 1 < 2" * 200))


@given(st.text(alphabet='()[]{}<>"\\/.,;&|+-*! ifa\n\r', max_size=400))
def test_any_text_is_walked_without_an_error_of_its_own(text: str) -> None:
    for check in (check_policy_text, check_schema_text):
        with contextlib.suppress(TooDeepError):
            check(text * 3)
