"""The import contracts of pyproject.toml hold, and they are the ones that the house needs."""

import subprocess
import sys
import tomllib

import pytest

from tests.architecture.sources import ROOT, product_sources

pytestmark = pytest.mark.gap("CC-4")
NEEDED = {"floors", "rooms", "composition", "no-doors-below", "protected-models"}


def _contracts():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["tool"]["importlinter"]["contracts"]


def test_the_contracts_of_the_house_are_all_there():
    assert {contract["id"] for contract in _contracts()} >= NEEDED


def test_every_app_has_its_floor():
    floors = next(c for c in _contracts() if c["id"] == "floors")
    named = {name.strip() for layer in floors["layers"] for name in layer.split("|")}
    apps = {s.path.split("/")[1] for s in product_sources() if s.path.startswith("apps/")}
    assert named == {name for name in apps if not name.endswith(".py")}
    assert floors["exhaustive"] is True


def test_the_contracts_hold():
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
