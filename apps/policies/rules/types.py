"""What a rule over a project is: its vocabulary and its one frozen shape."""

from dataclasses import dataclass
from enum import StrEnum


class Target(StrEnum):
    DEPENDENCY = "dependency"
    FILE = "file"
    CODE = "code"
    IMPORT = "import"
    CONFIG = "config"


class Effect(StrEnum):
    FORBID = "forbid"
    REQUIRE = "require"
    ALLOW = "allow"


class Ecosystem(StrEnum):
    NPM = "npm"
    PYPI = "pypi"
    CARGO = "cargo"
    GO = "go"
    MAVEN = "maven"


# What people call an ecosystem.
ECOSYSTEM_NAMES = {
    Ecosystem.NPM: "npm",
    Ecosystem.PYPI: "PyPI",
    Ecosystem.CARGO: "Cargo",
    Ecosystem.GO: "Go",
    Ecosystem.MAVEN: "Maven",
}

Scalar = str | int | float | bool
ANYWHERE = "**"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule over a project; a field that its target does not use keeps its default.

    `severity` empty means the policy's own. `equals` None means that no value is asked for.
    """

    id: str
    target: Target
    effect: Effect
    severity: str = ""
    message: str = ""
    alternatives: tuple[str, ...] = ()
    except_in: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    ecosystem: Ecosystem | None = None
    name: str = ""
    versions: str = ""
    path: str = ""
    pattern: str = ""
    module: str = ""
    file: str = ""
    key: str = ""
    equals: Scalar | None = None


# Of each target, the fields it takes beside those that every rule has, and those it needs.
FIELDS_OF: dict[Target, tuple[str, ...]] = {
    Target.DEPENDENCY: ("ecosystem", "name", "versions"),
    Target.FILE: ("path",),
    Target.CODE: ("path", "pattern"),
    Target.IMPORT: ("path", "module"),
    Target.CONFIG: ("file", "key", "equals", "pattern"),
}
NEEDED: dict[Target, tuple[str, ...]] = {
    Target.DEPENDENCY: ("ecosystem", "name"),
    Target.FILE: ("path",),
    Target.CODE: ("pattern",),
    Target.IMPORT: ("module",),
    Target.CONFIG: ("file", "key"),
}
COMMON = ("id", "target", "effect", "severity", "message", "alternatives", "except_in", "roles")
# What is taken for a field that is left out, where that is not nothing.
LEFT_OUT: dict[Target, dict[str, str]] = {
    Target.CODE: {"path": ANYWHERE},
    Target.IMPORT: {"path": ANYWHERE},
}

MAX_RULES = 300
MAX_TEXT = 500
MAX_LIST = 50
