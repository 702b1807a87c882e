"""A pytest plugin: records how each test that proves a gap ended, for the readiness ledger."""

import json
import os
from collections import defaultdict
from typing import Any

import pytest

from aeterna_portal.readiness import (
    FAILED,
    PASSED,
    RESULTS,
    list_gaps,
    read_proofs,
    readiness_page,
)

PROPERTY = "gap"
SKIPPED = "skipped"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    known = {gap.id for gap in list_gaps()}
    for item in items:
        for marker in item.iter_markers("gap"):
            if len(marker.args) != 1 or marker.args[0] not in known:
                raise pytest.UsageError(f"{item.nodeid}: {marker.args} is not the id of a gap")
            if (PROPERTY, marker.args[0]) not in item.user_properties:
                item.user_properties.append((PROPERTY, marker.args[0]))


class Recorder:
    """Gathers outcomes by test function in the process that sees all reports."""

    def __init__(self) -> None:
        self.gaps: dict[str, set[str]] = defaultdict(set)
        self.outcomes: dict[str, set[str]] = defaultdict(set)

    def pytest_runtest_logreport(self, report: Any) -> None:
        gaps = {value for name, value in report.user_properties if name == PROPERTY}
        if not gaps or (report.when != "call" and report.outcome == "passed"):
            return
        test = report.nodeid.split("[")[0]
        self.gaps[test] |= gaps
        self.outcomes[test].add(report.outcome)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not self.outcomes:
            return
        known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        root = session.config.rootpath
        kept = {test: item for test, item in known.items() if (root / test.split("::")[0]).exists()}
        for test, outcomes in self.outcomes.items():
            kept[test] = {"gaps": sorted(self.gaps[test]), "outcome": _together(outcomes)}
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps(kept, indent=1, sort_keys=True), encoding="utf-8")
        page = os.environ.get("AETERNA_READINESS")
        if page:
            text = readiness_page(list_gaps(), read_proofs())
            (root / page).write_text(text, encoding="utf-8")


def _together(outcomes: set[str]) -> str:
    if "failed" in outcomes:
        return FAILED
    return PASSED if "passed" in outcomes else SKIPPED


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(), "readiness-recorder")
