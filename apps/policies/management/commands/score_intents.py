"""`manage.py score_intents`: how well intents are read without a model, with each failure."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.policies.intents import Place, Setting
from apps.policies.intents.cases import CASES, WORLD
from apps.policies.intents.scoring import Mark, Scored, score_cases, wilson


class Command(BaseCommand):
    """Score the shipped evaluation set, or a file of cases in the same form."""

    help = "Score the reading of intents: right, asked, silently wrong."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, help="cases as JSON Lines; the shipped set if not")

    def handle(self, *_args: Any, **options: Any) -> None:
        files = [options["file"]] if options["file"] else CASES
        scored = score_cases((case for file in files for case in _cases(file)), setting())
        for one in scored:
            if one.mark != Mark.RIGHT:
                self.stdout.write(f"{one.mark}: {one.intent}\n    {one.why}")
        for mark in Mark:
            self.stdout.write(_line(mark, scored))


def setting() -> Setting:
    """Return the world that the cases speak of."""
    places = tuple(Place(*place) for place in WORLD)
    return Setting(here=places[0], places=places)


def _cases(file: Path) -> list[dict[str, Any]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from error
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found.append(json.loads(line))
        except ValueError as error:
            raise CommandError(f"{file}, line {number}: {error}") from error
    return found


def _line(mark: Mark, scored: list[Scored]) -> str:
    count = sum(1 for one in scored if one.mark == mark)
    low, high = wilson(count, len(scored))
    share = count / len(scored) if scored else 0
    return f"{mark:>6}: {count} of {len(scored)} = {share:.1%}  (95 %: {low:.1%} to {high:.1%})"
