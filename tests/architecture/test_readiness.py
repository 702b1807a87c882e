"""The ledger of gaps says what tests proved and nothing else."""

import pytest

from aeterna_portal.readiness import Gap, Proof, list_gaps, readiness_page, state_of
from tests.architecture.sources import python_sources

GAP = Gap(id="MT-C1", area="Tenancy", title="Walls hold", how="By walls.")


def _proof(outcome, test="tests/a.py::test_a", gaps=("MT-C1",)):
    return Proof(test=test, gaps=gaps, outcome=outcome)


def test_every_gap_of_the_analysis_is_listed_once():
    ids = [gap.id for gap in list_gaps()]
    assert len(ids) == len(set(ids)) == 98
    assert sum(gap_id.startswith("CC-") for gap_id in ids) == 5
    assert all(gap.title and gap.area for gap in list_gaps())


def test_every_marker_names_a_gap_that_exists():
    import ast

    known = {gap.id for gap in list_gaps()}
    used = {
        (source.path, ast.literal_eval(call.args[0]))
        for source in python_sources()
        if source.is_test
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.gap"
    }
    assert {item for item in used if item[1] not in known} == set()
    assert len(used) > 0


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ([], "open"),
        (["skipped"], "open"),
        (["passed"], "passed"),
        (["passed", "skipped"], "passed"),
        (["passed", "failed"], "failed"),
    ],
)
def test_a_gap_is_met_only_by_tests_that_passed(outcomes, state):
    proofs = [_proof(outcome, test=f"tests/a.py::t{n}") for n, outcome in enumerate(outcomes)]
    assert state_of(GAP, proofs) == state


def test_a_test_of_another_gap_proves_nothing():
    assert state_of(GAP, [_proof("passed", gaps=("MT-C2",))]) == "open"


def test_the_page_names_the_tests_and_hides_claims_that_nothing_proves():
    proven = readiness_page([GAP], [_proof("passed"), _proof("passed", test="tests/a.py::b")])
    assert "| MT-C1 | Walls hold | By walls. | `tests/a.py` (2) | passed |" in proven
    assert "1 of 1 met, 0 failing, 0 open." in proven
    assert "| MT-C1 | Walls hold |  |  | open |" in readiness_page([GAP], [])


def test_an_unknown_gap_stops_the_run(pytester_run):
    answer = pytester_run("import pytest\n@pytest.mark.gap('XX-1')\ndef test_a(): pass\n")
    assert "is not the id of a gap" in answer


@pytest.fixture
def pytester_run(tmp_path):
    import subprocess
    import sys

    from tests.architecture.sources import ROOT

    def run(text):
        path = tmp_path / "test_planted.py"
        path.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "--collect-only", "-c", "pyproject.toml", str(path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    return run
