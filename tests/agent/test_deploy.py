"""The unit, its settings file and the container file name what the agent really has."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from aeterna_cedar_agent.cli import _parser
from aeterna_cedar_agent.config import SETTINGS
from aeterna_cedar_agent.service import STOP_SECONDS

PACKAGE = Path(__file__).resolve().parents[2] / "clients" / "cedar-agent"
DEPLOY = PACKAGE / "deploy"
UNIT = DEPLOY / "aeterna-cedar-agent.service"
CONTAINER = (DEPLOY / "Containerfile").read_text()
VARIABLES = {setting.variable for setting in SETTINGS}
DEFAULTS = {setting.variable: setting.default for setting in SETTINGS}
NAME = re.compile(r"AETERNA_\w+")


def unit() -> dict[str, list[str]]:
    """Every setting of the unit's service, repeated ones in order."""
    found: dict[str, list[str]] = {}
    section = UNIT.read_text().partition("[Service]\n")[2].partition("[Install]")[0]
    for line in section.splitlines():
        if line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_the_settings_file_lists_every_setting_with_its_default() -> None:
    lines = (DEPLOY / "agent.env").read_text().splitlines()
    listed = dict(
        line.removeprefix("#").split("=", 1) for line in lines if line.startswith("#AETERNA_")
    )
    assert listed.keys() == VARIABLES
    chosen = {"AETERNA_API_URL", "AETERNA_AGENT_TOKEN_FILE", "AETERNA_AGENT_API_TOKEN_FILE",
              "AETERNA_AGENT_STATE_DIR", "AETERNA_AGENT_SOCKET"}  # fmt: skip
    told = {name: value for name, value in listed.items() if name not in chosen}
    assert told == {name: DEFAULTS[name] or "" for name in told}


def test_the_readme_lists_every_setting() -> None:
    readme = (PACKAGE / "README.md").read_text()
    assert [name for name in VARIABLES if f"`{name}`" not in readme] == []
    assert [setting.flag for setting in SETTINGS if f"| `{setting.flag}` |" not in readme] == []


def test_unit_and_container_set_only_settings_that_exist() -> None:
    for text in (UNIT.read_text(), CONTAINER):
        assert set(NAME.findall(text)) <= VARIABLES
    told = unit()
    assert told["Environment"] == [
        "AETERNA_AGENT_STATE_DIR=%S/aeterna-cedar-agent",
        "AETERNA_AGENT_SOCKET=%t/aeterna-cedar-agent/agent.sock",
    ]
    assert told["StateDirectory"] == told["RuntimeDirectory"] == ["aeterna-cedar-agent"]


@pytest.mark.parametrize(
    "command",
    [
        unit()["ExecStart"][0].split()[1:],
        ["run"],
        re.findall(r'"([^"]+)"', CONTAINER.partition("HEALTHCHECK")[2].splitlines()[1])[1:],
    ],
)
def test_they_start_commands_that_exist(command: list[str]) -> None:
    assert _parser().parse_args(command).command.__name__ == command[0]


def test_a_stop_has_the_time_the_agent_may_take() -> None:
    assert int(unit()["TimeoutStopSec"][0]) > STOP_SECONDS
    assert unit()["RestartPreventExitStatus"] == ["2"]


def test_the_container_runs_without_root() -> None:
    last = CONTAINER.rpartition("FROM ")[2]
    assert re.findall(r"^USER (.+)$", last, flags=re.MULTILINE) == ["65532:65532"]
    assert re.findall(r"^VOLUME (.+)$", last, flags=re.MULTILINE) == [
        "/var/lib/aeterna-cedar-agent"
    ]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    program = unit()["ExecStart"][0].split()[0]
    copy.write_text(UNIT.read_text().replace(program, sys.executable))
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in ended.stderr.splitlines() if UNIT.name in line]
    assert complaints == []
