"""How the benchmarks measure: interleaved rounds, medians, one row per figure."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One row of the table; `reached` is None where nothing was to be reached."""

    name: str
    measured: str
    target: str
    reached: bool | None
    note: str = ""


def interleaved(rounds: int, **cases: Callable[[], object]) -> dict[str, list[float]]:
    """Return seconds per case, the cases taken in turn so that drift hits all alike."""
    for case in cases.values():
        case()
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            started = time.perf_counter()
            case()
            seconds[name].append(time.perf_counter() - started)
    return seconds


def median_ms(seconds: list[float]) -> float:
    """Return the median in milliseconds."""
    return statistics.median(seconds) * 1000


def table(figures: list[Figure]) -> str:
    """Return the figures as a Markdown table."""
    lines = ["| figure | measured | to reach | |", "|---|---|---|---|"]
    for figure in figures:
        verdict = {True: "reached", False: "**missed**", None: ""}[figure.reached]
        note = f": {figure.note}" if figure.note else ""
        lines.append(f"| {figure.name} | {figure.measured} | {figure.target} | {verdict}{note} |")
    return "\n".join(lines)
