"""The project's own Python files and their syntax trees."""

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from apps.kernel.syntax import parsed

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Source:
    """One file: its path from the root, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def is_migration(self) -> bool:
        return "/migrations/" in self.path

    @property
    def is_test(self) -> bool:
        return self.path.startswith("tests/") or "/tests/" in self.path


@cache
def tracked() -> tuple[str, ...]:
    """Return every file that git tracks and that is still there."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    names = done.stdout.decode().split("\0")
    return tuple(name for name in names if name and (ROOT / name).is_file())


@cache
def python_sources() -> tuple[Source, ...]:
    """Return every Python file of the project, tests included."""
    return tuple(_source(name) for name in tracked() if name.endswith(".py"))


def _source(name: str) -> Source:
    text = (ROOT / name).read_text(encoding="utf-8")
    return Source(path=name, text=text, tree=parsed(text))


def product_sources() -> tuple[Source, ...]:
    """Return what runs in production: no tests."""
    return tuple(s for s in python_sources() if not s.is_test)
