"""What the analysis cannot prove, it calls unproven, and never safe."""

import dataclasses
import subprocess
import sys

import pytest

from apps.policies.analysis import (
    Analyzer,
    InvalidPolicies,
    Kind,
    Solver,
    Unencodable,
    Verdict,
    load_schema,
    parse_policies,
)
from apps.policies.analysis import settle as settling
from apps.policies.analysis.confirm import observe
from apps.policies.analysis.settle import verdicts
from apps.policies.analysis.solver import Reply, Status

NUMBERS = """
entity Thing { a: Long, b: Long, c: Long, rows: Set<Set<Long>> };
action use appliesTo { principal: Thing, resource: Thing };
"""
CUBES = " + ".join(f"principal.{name} * principal.{name} * principal.{name}" for name in "abc")


@pytest.fixture
def numbers():
    verdicts.clear()
    return load_schema(NUMBERS)


def _ask(schema, condition, **options):
    asked = parse_policies(f"permit(principal, action, resource) when {{ {condition} }};", schema)
    analyzer = Analyzer(schema, **options)
    return analyzer.never_matches(asked[0], schema.environments[0])


def test_a_question_too_hard_for_the_solvers_is_unproven_with_their_reasons(numbers):
    found = _ask(numbers, f"{CUBES} == 42", timeout_ms=150)
    assert (found.verdict, found.witness) == (Verdict.UNPROVEN, None)
    assert "cvc5 gave no answer" in found.reason
    assert "z3 gave no answer" in found.reason


def test_an_unproven_answer_is_asked_again(numbers):
    first = _ask(numbers, f"{CUBES} == 42", timeout_ms=50)
    assert _ask(numbers, f"{CUBES} == 42", timeout_ms=50) is not first


def test_a_set_of_sets_is_unproven_with_the_reason(numbers):
    found = _ask(numbers, "principal.rows.contains([987654]) && principal.rows.contains([1, 2, 3])")
    assert (found.verdict, found.witness) == (Verdict.UNPROVEN, None)
    assert found.reason == "The solver cannot be told exactly of a set that holds sets."


def test_a_search_finds_a_request_where_the_solver_cannot_be_told(numbers):
    found = _ask(numbers, "principal.rows.contains([5]) || principal.a == 7")
    assert (found.kind, found.verdict) == (Kind.NEVER_MATCHES, Verdict.REFUTED)
    policy = parse_policies(
        "permit(principal, action, resource) when { principal.a == 7 };", numbers
    )
    assert observe(numbers, policy, found.witness) is not None


def test_a_character_no_solver_knows_is_unproven(rich, reading, policy):
    asked = policy('when { principal.name like "\U0010ffff*" && principal.name == "a" }')
    found = Analyzer(rich).never_matches(asked, reading)
    assert found.verdict is Verdict.UNPROVEN
    assert "a character past U+2FFFF" in found.reason


def test_an_example_that_cedar_does_not_confirm_is_never_shown(numbers, monkeypatch):
    """A solver that lies about every value is caught by Cedar."""

    def lie(script, values, **_):
        terms = values.removeprefix("(get-value (").removesuffix("))").split()
        return Reply(Status.SAT, f"({' '.join(f'({term} 0)' for term in terms)})")

    monkeypatch.setattr(settling, "ask", lie)
    found = _ask(numbers, "principal.a == 5 && principal.b == 998877 && principal.a > principal.b")
    assert (found.verdict, found.witness) == (Verdict.UNPROVEN, None)
    assert "Cedar does not confirm the example of cvc5." in found.reason


def test_a_solver_that_talks_nonsense_proves_nothing(numbers, monkeypatch):
    monkeypatch.setattr(settling, "ask", lambda *_, **__: Reply(Status.SAT, "((f0 banana))"))
    found = _ask(numbers, "principal.a == 5 && principal.a == 6")
    assert (found.verdict, found.witness) == (Verdict.UNPROVEN, None)


def test_a_witness_of_another_request_is_not_confirmed(numbers):
    found = _ask(numbers, "principal.a == 5", solvers=(Solver.CVC5,))
    policy = parse_policies(
        "permit(principal, action, resource) when { principal.a == 6 };", numbers
    )
    assert observe(numbers, policy, found.witness).applied == frozenset()
    broken = dataclasses.replace(found.witness, context={"unknown": True})
    assert observe(numbers, policy, broken) is None


def test_the_analysis_needs_no_django():
    code = "import sys, apps.policies.analysis; sys.exit('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_long_chain_of_conditions_is_answered(rich, reading, policy):
    chain = " && ".join(f"principal.level != {at}" for at in range(300))
    found = Analyzer(rich).never_matches(policy(f"when {{ {chain} }}"), reading)
    assert found.verdict is Verdict.REFUTED


def test_a_chain_of_conditions_fails_where_its_first_failure_stands(rich, reading, policy):
    """Balancing a chain keeps which part is evaluated first."""
    safe = policy("when { principal.level > 5 && principal.level < 9 && principal.level + 1 > 0 }")
    open_ = policy("when { principal.level > 5 && principal.level + 1 > 0 && principal.level < 9 }")
    assert Analyzer(rich).never_errors(safe, reading).verdict is Verdict.PROVEN
    assert Analyzer(rich).never_errors(open_, reading).verdict is Verdict.REFUTED


def test_policies_that_nest_too_deeply_are_refused_by_name(rich):
    deep = "!" * 3 + "(" * 40 + "principal.active" + ")" * 40
    chain = "".join(f"if principal.level == {at} then true else " for at in range(600))
    with pytest.raises((Unencodable, InvalidPolicies)):
        parse_policies(f"permit(principal, action, resource) when {{ {chain}{deep} }};", rich)
