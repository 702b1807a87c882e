"""The page that says, for each operation, what it guarantees, its events and its doors."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from apps.kernel.operation import OPERATIONS, Operation
from apps.kernel.syntax import parsed

HEADER = """# Operations

Everything that can be written goes through one of these; `make operations` writes this page from
the registry, and a test fails when it is stale. The name of an operation is also its Cedar action.

| operation | what it guarantees | events | doors |
|---|---|---|---|
"""
EVENT = re.compile(r"[a-z_]+\.[a-z_]+")
DOORS = ("rest", "web", "live", "tasks", "cli")


def load_operations() -> None:
    """Import every app's operations and doors, so that the registry is complete."""
    for config in apps.get_app_configs():
        if config.name.startswith("apps."):
            for part in ("operations", *(f"entrypoints.{door}" for door in DOORS)):
                name = f"{config.name}.{part}"
                if find_spec(name.rpartition(".")[0]) and find_spec(name):
                    import_module(name)


def operations_page() -> str:
    """Return docs/operations.md as it must read."""
    load_operations()
    return HEADER + "\n".join(_row(OPERATIONS[name]) for name in sorted(OPERATIONS)) + "\n"


def events_of(operation: Operation) -> list[str]:
    """Return the event types that the operation's module can emit in its body or below it."""
    return sorted(_events(operation.function, frozenset()))


def doors_of(operation: Operation) -> list[str]:
    """Return the doors that call the operation, as `rest`, `web` and so on."""
    name = operation.function.__name__
    module = operation.function.__module__
    app = module.split(".")[1]
    return sorted(
        {
            door
            for owner, door, source in _door_sources()
            if re.search(rf"\b{name}\b", source)
            if owner == app or f"apps.{app}" in source
        }
    )


def url_names() -> list[str]:
    """Return every named address of the portal, with its namespace."""
    return sorted(_names(get_resolver().url_patterns, ""))


def _row(operation: Operation) -> str:
    events = ", ".join(f"`{name}`" for name in events_of(operation))
    doors = ", ".join(doors_of(operation))
    return f"| `{operation.name}` | {operation.summary} | {events} | {doors} |"


def _events(function: Any, seen: frozenset[str]) -> set[str]:
    found: set[str] = set()
    for node in _calls(function):
        found |= _literal_events(node)
        if isinstance(node.func, ast.Name) and node.func.id not in seen:
            called = inspect.unwrap(function).__globals__.get(node.func.id)
            if inspect.isfunction(called) and called.__module__.startswith("apps."):
                inner = inspect.unwrap(called)
                if node.func.id not in ("emit", "authorize", "operation"):
                    found |= _events(inner, seen | {node.func.id})
    return found


@cache
def _calls(function: Any) -> tuple[ast.Call, ...]:
    tree = parsed(textwrap.dedent(inspect.getsource(function)))
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _literal_events(call: ast.Call) -> set[str]:
    """Return the event names among a call's first arguments: `emit("x.done")`, `_report(a, …)`."""
    return {
        arg.value
        for arg in call.args[:2]
        if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        if isinstance(call.func, ast.Name) and call.func.id not in ("authorize", "operation")
        if EVENT.fullmatch(arg.value)
        if call.func.id == "emit" or arg.value not in OPERATIONS
    }


@cache
def _door_sources() -> tuple[tuple[str, str, str], ...]:
    found = []
    for config in apps.get_app_configs():
        if not config.name.startswith("apps."):
            continue
        for path in _python_files(config.path):
            parts = path.removeprefix(config.path).strip("/").split("/")
            with open(path, encoding="utf-8") as handle:
                found.append((config.label, _door(parts), handle.read()))
    return tuple(item for item in found if item[1])


def _door(parts: list[str]) -> str:
    if parts[0] == "management":
        return "cli"
    if parts[0] in ("handlers.py", "handlers"):
        return "handler"
    if parts[0] != "entrypoints" or len(parts) < 2:
        return ""
    return next((door for door in DOORS if parts[1].startswith(door)), "")


def _python_files(folder: str) -> Iterator[str]:
    return (str(path) for path in sorted(Path(folder).rglob("*.py")))


def _names(patterns: Any, prefix: str) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from _names(pattern.url_patterns, space)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield f"{prefix}{pattern.name}"
