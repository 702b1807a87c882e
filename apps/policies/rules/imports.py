"""The modules that a source file imports, by its language."""

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import re2

from apps.kernel.syntax import parsed

SEPARATORS = {"python": ".", "java": ".", "rust": "::", "script": "/", "go": "/"}
LANGUAGES = {
    "py": "python", "pyi": "python", "js": "script", "jsx": "script", "mjs": "script",
    "cjs": "script", "ts": "script", "tsx": "script", "mts": "script", "cts": "script",
    "vue": "script", "svelte": "script", "go": "go", "rs": "rust", "java": "java", "kt": "java",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Import:
    """A module that a file imports, its parts separated as its language does, and the line."""

    module: str
    line: int


def language_of(path: str) -> str:
    """Return the language whose imports are known for a file's ending; empty for none."""
    return LANGUAGES.get(path.rpartition(".")[2].lower(), "")


def imports_of(path: str, text: str) -> list[Import]:
    """Return what a file imports, in order; empty where its language is not known."""
    reader = READERS.get(language_of(path))
    return sorted(reader(text), key=lambda one: one.line) if reader else []


def is_inside(path: str, module: str, wanted: str) -> bool:
    """Tell whether an imported module is the wanted one or inside it, as the language divides."""
    language = language_of(path)
    separator = SEPARATORS[language]
    name = wanted.replace(".", "::") if language == "rust" and "::" not in wanted else wanted
    return module == name or module.startswith(name + separator)


def _python(text: str) -> Iterator[Import]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield from _found(PYTHON_LINE, text)
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
            yield from (Import(name, node.lineno) for name in sorted(names))


def _compiled(*patterns: str) -> list[re2._Regexp]:
    return [re2.compile(pattern) for pattern in patterns]


PYTHON_LINE = _compiled(r"(?m)^[ \t]*(?:from|import)[ \t]+([A-Za-z_][\w.]*)")
SCRIPT = _compiled(
    r"""\b(?:import|export)\b[^'"`;()]*?\bfrom\s*['"]([^'"\n]+)['"]""",
    r"""\bimport\s*\(?\s*['"]([^'"\n]+)['"]""",
    r"""\brequire\s*\(\s*['"]([^'"\n]+)['"]""",
)
RUST = _compiled(
    r"(?m)^[ \t]*(?:pub(?:\([^)]*\))?[ \t]+)?use[ \t]+(?:::)?([A-Za-z_][\w:]*)",
    r"(?m)^[ \t]*extern[ \t]+crate[ \t]+([A-Za-z_]\w*)",
)
JAVA = _compiled(r"(?m)^[ \t]*import[ \t]+(?:static[ \t]+)?([A-Za-z_][\w.]*)")
GO_BLOCK = re.compile(r"^import\s*\(([^)]*)\)", re.MULTILINE)
GO_LINE = _compiled(r'(?m)^import[ \t]+(?:[\w.]+[ \t]+)?"([^"\n]+)"')
QUOTED = re.compile(r'"([^"\n]+)"')


def _found(patterns: list[re2._Regexp], text: str) -> Iterator[Import]:
    for pattern in patterns:
        for match in pattern.finditer(text):
            yield Import(match[1].rstrip(".:"), text.count("\n", 0, match.start(1)) + 1)


def _go(text: str) -> Iterator[Import]:
    yield from _found(GO_LINE, text)
    for block in GO_BLOCK.finditer(text):
        for match in QUOTED.finditer(block[1]):
            start = block.start(1) + match.start(1)
            yield Import(match[1], text.count("\n", 0, start) + 1)


READERS: dict[str, Callable[[str], Iterator[Import]]] = {
    "python": _python,
    "script": lambda text: _found(SCRIPT, text),
    "rust": lambda text: _found(RUST, text),
    "java": lambda text: _found(JAVA, text),
    "go": _go,
}
