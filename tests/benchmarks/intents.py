"""What it costs to read intents without a model, nothing remembered from before."""

import json
import statistics
import time

from apps.policies.intents import read_intent
from apps.policies.intents.cases import CASES
from apps.policies.intents.scoring import Mark, score_cases, wilson
from apps.policies.management.commands.score_intents import setting
from tests.benchmarks.measure import Figure

MILLISECONDS = 50
RIGHT = 0.9


def measure() -> list[Figure]:
    """Return the time from intent to draft, and how well the shipped set is read."""
    here = setting()
    cases = [json.loads(line) for file in CASES for line in file.read_text().splitlines()]
    read_intent(cases[0]["intent"], here, {})
    taken = []
    for case in cases:
        started = time.perf_counter()
        read_intent(case["intent"], here, {})
        taken.append((time.perf_counter() - started) * 1000)
    slowest = sorted(taken)[int(len(taken) * 0.95)]
    marks = [one.mark for one in score_cases(cases, here)]
    right, wrong = marks.count(Mark.RIGHT), marks.count(Mark.WRONG)
    low, _ = wilson(right, len(marks))
    return [
        Figure(
            "intent to draft without a model, median (p95)",
            f"{statistics.median(taken):.1f} ms ({slowest:.1f} ms)",
            f"at most {MILLISECONDS} ms",
            slowest <= MILLISECONDS,
            f"{len(cases)} intents",
        ),
        Figure(
            "intents of the shipped set read right; silently wrong",
            f"{right / len(marks):.1%}; {wrong}",
            "at least 90 %; none",
            right / len(marks) >= RIGHT and not wrong,
            f"at least {low:.1%} at 95 %",
        ),
    ]
