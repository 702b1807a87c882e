"""Finds a Chromium for the journey tests, installing one where there is none.

`python -m aeterna_portal.local.browser` prints the path and remembers it in the state folder.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from .errors import ServiceError
from .state import open_state, state_dir

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MEMORY = "browser"
LONGEST_START_SECONDS = 60


def find_browser(folder: Path) -> Path:
    """Return a Chromium that starts, remembered in `folder`; raises ServiceError with what to do.

    AETERNA_BROWSER names one to use instead.
    """
    for candidate in _candidates(folder):
        if _starts(candidate):
            (folder / MEMORY).write_text(f"{candidate}\n")
            return candidate
    raise ServiceError(
        "No Chromium was found and none could be installed: install one (Debian and Ubuntu: "
        "apt-get install chromium) or set AETERNA_BROWSER to its path."
    )


def _candidates(folder: Path) -> Iterator[Path]:
    sources: tuple[Callable[[], Path | None], ...] = (
        lambda: _named(os.environ.get("AETERNA_BROWSER")),
        lambda: _named(_remembered(folder)),
        _on_path,
        _of_playwright,
        _installed_by_playwright,
        _installed_by_apt,
    )
    for source in sources:
        found = source()
        if found is not None:
            yield found


def _named(path: str | None) -> Path | None:
    return Path(path) if path else None


def _remembered(folder: Path) -> str | None:
    memory = folder / MEMORY
    return memory.read_text().strip() if memory.exists() else None


def _on_path() -> Path | None:
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    return None


def _of_playwright() -> Path | None:
    code = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as tool: print(tool.chromium.executable_path)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    path = Path(answer.stdout.strip())
    return path if answer.returncode == 0 and path.is_file() else None


def _installed_by_playwright() -> Path | None:
    _say("No Chromium on PATH: asking Playwright for one.")
    done = subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"],
        stdout=sys.stderr,
        check=False,
    )
    return _of_playwright() if done.returncode == 0 else None


def _installed_by_apt() -> Path | None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    _say("Playwright has none for this machine: installing Debian's package.")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (("update", "-q"), ("install", "-qy", "--no-install-recommends", "chromium")):
        done = subprocess.run(["apt-get", *command], env=quiet, stdout=sys.stderr, check=False)
        if done.returncode != 0:
            return None
    return _on_path()


def _starts(path: Path) -> bool:
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, check=False, timeout=LONGEST_START_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main() -> int:
    """Print the browser's path, or why there is none; return the exit code."""
    try:
        path = find_browser(open_state(state_dir()))
    except ServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
