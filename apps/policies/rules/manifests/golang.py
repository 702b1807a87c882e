"""Dependencies in go.mod."""

import re
from collections.abc import Iterator

from ..types import Ecosystem
from .types import Dependency, resolved

REQUIRED = re.compile(r"(?:require\s+)?([^\s()/]+(?:/[^\s()]+)*)\s+(v[0-9]\S*)")
OPENED = re.compile(r"(require|replace|exclude|retract|tool)\s*\(")
REPLACED = re.compile(r"(?:replace\s+)?(\S+)(?:\s+v\S+)?\s+=>\s+(\S+)(?:\s+(v\S+))?")


def go_mod(file: str, text: str) -> Iterator[Dependency]:
    """Yield the modules a go.mod requires, at the version of a replacement if it has one."""
    replaced: dict[str, tuple[str, str, int]] = {}
    required: dict[str, tuple[str, int]] = {}
    block = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.partition("//")[0].strip()
        opened = OPENED.fullmatch(line)
        if opened or line == ")":
            block = opened[1] if opened else ""
            continue
        kind = block or line.partition(" ")[0]
        if kind == "require" and (found := REQUIRED.fullmatch(line)):
            required[found[1]] = (found[2], number)
        elif kind == "replace" and (found := REPLACED.fullmatch(line)):
            replaced[found[1]] = (found[2], found[3] or "", number)
    for name, (version, number) in required.items():
        real, instead, line_number = replaced.get(name, (name, version, number))
        yield resolved(
            ecosystem=Ecosystem.GO, name=real, version=instead, file=file, line=line_number
        )
