"""Globs over paths and regular expressions over lines, both in linear time."""

from functools import lru_cache
from typing import Any

import re2

# A program this large still matches a megabyte in well under a second.
MAX_PROGRAM_BYTES = 64 * 1024
SPECIAL = set("\\.+^$()[]{}|")


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Any:
    """Return an RE2 program; ValueError in words if it is wrong or would grow too large."""
    options = re2.Options()
    options.max_mem = MAX_PROGRAM_BYTES
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        told = error.args[0]
        raise ValueError(told.decode() if isinstance(told, bytes) else str(told)) from error


@lru_cache(maxsize=1024)
def compile_glob(glob: str) -> Any:
    """Return an RE2 program for paths: `*` stays inside a folder, `**` crosses folders."""
    return compile_pattern(f"^(?:{_translated(glob)})$")


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
        return 2, "(?s:.)*"
    letter = glob[index]
    if letter == "*":
        return 1, "[^/]*"
    if letter == "?":
        return 1, "[^/]"
    return 1, "\\" + letter if letter in SPECIAL else letter
