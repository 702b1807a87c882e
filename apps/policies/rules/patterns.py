"""Globs over paths and regular expressions over lines, both in linear time."""

from functools import lru_cache
from typing import Any

import re2

# A program this large still matches a megabyte in well under a second; its automaton gets more.
MAX_PROGRAM_BYTES = 64 * 1024
MAX_AUTOMATON_BYTES = 8 * 1024 * 1024
MAX_EXCERPT = 1000
SPECIAL = set("\\.+^$()[]{}|")


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Any:
    """Return an RE2 program over lines; ValueError in words if it is wrong or too large."""
    _compiled(pattern, MAX_PROGRAM_BYTES)
    return _compiled(f"(?m:{pattern})", MAX_AUTOMATON_BYTES)


def _compiled(pattern: str, max_mem: int) -> Any:
    options = re2.Options()
    options.max_mem = max_mem
    options.log_errors = False
    # No part of a pattern runs past the end of a line.
    options.never_nl = True
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        told = error.args[0]
        raise ValueError(told.decode() if isinstance(told, bytes) else str(told)) from error


def line_matches(pattern: str, text: str, *, limit: int) -> list[tuple[int, str]]:
    """Return number (from 1) and text of the first lines that match, at most `limit`, in order."""
    program = compile_pattern(pattern)
    source = text.removesuffix("\n").encode("utf-8", "replace")
    found: list[tuple[int, str]] = []
    position, number = 0, 1
    while position <= len(source) and len(found) < limit:
        match = program.search(source, position)
        if match is None:
            break
        start = source.rfind(b"\n", 0, match.start()) + 1
        end = source.find(b"\n", match.start())
        end = len(source) if end < 0 else end
        number += source.count(b"\n", position, start)
        found.append(
            (number, source[start : min(end, start + MAX_EXCERPT)].decode(errors="replace"))
        )
        position, number = end + 1, number + 1
    return found


@lru_cache(maxsize=1024)
def compile_glob(glob: str) -> Any:
    """Return an RE2 program for paths: `*` stays inside a folder, `**` crosses folders."""
    return _compiled(f"^(?:{_translated(glob)})$", MAX_PROGRAM_BYTES)


def is_match(glob: str, path: str) -> bool:
    """Tell whether `path`, from the project's root, fits `glob` as a whole."""
    return compile_glob(glob).search(path) is not None


def find_pattern_fault(pattern: str) -> str | None:
    """Return what is wrong with a regular expression in RE2's syntax, or None."""
    try:
        compile_pattern(pattern)
    except ValueError as error:
        return f"this is no regular expression that RE2 reads: {error}."
    return None


def find_glob_fault(glob: str) -> str | None:
    """Return what is wrong with a glob, or None."""
    if glob.startswith("/") or "\\" in glob:
        return "write the path from the project's root, with forward slashes."
    if ".." in glob.split("/"):
        return "a path stays inside the project."
    try:
        compile_glob(glob)
    except ValueError:
        return "this is longer than a path can be."
    return None


def _translated(glob: str) -> str:
    parts = []
    index = 0
    while index < len(glob):
        step, text = _next(glob, index)
        parts.append(text)
        index += step
    return "".join(parts)


def _next(glob: str, index: int) -> tuple[int, str]:
    if glob.startswith("**/", index):
        return 3, "(?:[^/]*/)*"
    if glob.startswith("**", index):
        return 2, ".*"
    letter = glob[index]
    if letter == "*":
        return 1, "[^/]*"
    if letter == "?":
        return 1, "[^/]"
    return 1, "\\" + letter if letter in SPECIAL else letter
