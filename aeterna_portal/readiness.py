"""The readiness ledger: each gap, how the product meets it, and whether its tests passed."""

import json
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GAPS = Path(__file__).parent / "gaps.toml"
RESULTS = ROOT / "var" / "readiness.json"
PAGE = ROOT / "docs" / "readiness.md"
PASSED, FAILED, OPEN = "passed", "failed", "open"
HEADER = """# Readiness

Made by `make readiness` from the results of the last test run; never written by hand. A gap is
met when at least one test proves it and all that do passed; without a passing test it is open.

"""


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap in our own words; `how` is empty until the product meets it."""

    id: str
    area: str
    title: str
    how: str


@dataclass(frozen=True, slots=True)
class Proof:
    """One test function with the gaps that it proves and how it ended."""

    test: str
    gaps: tuple[str, ...]
    outcome: str


def list_gaps() -> list[Gap]:
    """Return every gap, in the order of the analysis."""
    data = tomllib.loads(GAPS.read_text(encoding="utf-8"))
    return [Gap(**item) for item in data["gap"]]


def read_proofs(path: Path = RESULTS) -> list[Proof]:
    """Return what the last runs recorded; empty before the first."""
    if not path.exists():
        return []
    recorded: Mapping[str, Mapping[str, object]] = json.loads(path.read_text(encoding="utf-8"))
    return [
        Proof(test=test, gaps=tuple(_texts(item["gaps"])), outcome=str(item["outcome"]))
        for test, item in sorted(recorded.items())
    ]


def state_of(gap: Gap, proofs: Sequence[Proof]) -> str:
    """Return passed, failed or open; a skipped test proves nothing."""
    outcomes = {proof.outcome for proof in proofs if gap.id in proof.gaps}
    if FAILED in outcomes:
        return FAILED
    return PASSED if PASSED in outcomes else OPEN


def readiness_page(gaps: Sequence[Gap], proofs: Sequence[Proof]) -> str:
    """Return docs/readiness.md for these gaps and results."""
    states = [state_of(gap, proofs) for gap in gaps]
    count = f"{states.count(PASSED)} of {len(gaps)} met"
    count += f", {states.count(FAILED)} failing, {states.count(OPEN)} open.\n"
    return HEADER + count + "".join(f"{line}\n" for line in _sections(gaps, proofs))


def _sections(gaps: Sequence[Gap], proofs: Sequence[Proof]) -> Iterator[str]:
    for area, members in groupby(gaps, key=lambda gap: gap.area):
        yield f"\n## {area}\n"
        yield "| gap | what must hold | how it is met | proven by | state |"
        yield "|---|---|---|---|---|"
        for gap in members:
            state = state_of(gap, proofs)
            how = "" if state == OPEN else gap.how
            yield f"| {gap.id} | {gap.title} | {how} | {_proven(gap, proofs)} | {state} |"


def _proven(gap: Gap, proofs: Sequence[Proof]) -> str:
    files = sorted(p.test.split("::")[0] for p in proofs if gap.id in p.gaps)
    counted = [(file, len(list(tests))) for file, tests in groupby(files)]
    return ", ".join(f"`{file}` ({count})" for file, count in counted)


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def main() -> None:
    """Write docs/readiness.md from the recorded results."""
    proofs = read_proofs()
    if not proofs:
        sys.exit("There are no recorded results: run the tests first.")
    PAGE.write_text(readiness_page(list_gaps(), proofs), encoding="utf-8")
    sys.stdout.write("docs/readiness.md\n")


if __name__ == "__main__":
    main()
