"""Values of configuration files by their dotted keys."""

import configparser
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from .types import Scalar

MAX_PARTS = 20
Loader = Callable[[str], list[Any]]


class UnreadableConfiguration(ValueError):
    """The text is not what the file's ending promises, or nobody knows how to read it."""


def read_configuration(path: str, text: str) -> list[Any]:
    """Return the documents of a configuration file; UnreadableConfiguration if it cannot."""
    loader = LOADERS.get(path.rpartition(".")[2].lower())
    if loader is None:
        raise UnreadableConfiguration(f"{path}: no reader knows files of this kind")
    try:
        return loader(text)
    except (ValueError, RecursionError, configparser.Error, yaml.YAMLError) as error:
        raise UnreadableConfiguration(f"{path} cannot be read") from error


def values_at(documents: list[Any], key: str) -> list[Any]:
    """Return every value under a dotted key; a part may itself hold dots, or count list items."""
    parts = key.split(".")[:MAX_PARTS]
    return [value for document in documents for value in _at(document, parts)]


def is_equal(value: Any, wanted: Scalar, *, is_text: bool) -> bool:
    """Tell whether a value is the wanted one; in formats of text alone, by how it is written."""
    if is_text:
        return str(value) == (str(wanted).lower() if isinstance(wanted, bool) else str(wanted))
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return bool(value == wanted)


def is_text_only(path: str) -> bool:
    """Tell whether a file's format knows no types but text."""
    return path.rpartition(".")[2].lower() in TEXT_ONLY


def _at(value: Any, parts: list[str]) -> Iterator[Any]:
    if not parts:
        yield value
        return
    if isinstance(value, list) and parts[0].isdecimal() and int(parts[0]) < len(value):
        yield from _at(value[int(parts[0])], parts[1:])
    if isinstance(value, Mapping):
        for taken in range(1, len(parts) + 1):
            name = ".".join(parts[:taken])
            if name in value:
                yield from _at(value[name], parts[taken:])


def _yaml(text: str) -> list[Any]:
    return list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def _ini(text: str) -> list[Any]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return [{name: dict(parser[name]) for name in parser}]


def _lines(text: str) -> list[Any]:
    pairs = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return [{name.strip(): value.strip() for name, mark, value in pairs if mark}]


TEXT_ONLY = ("ini", "cfg", "conf", "env", "properties")
LOADERS: dict[str, Loader] = {
    "json": lambda text: [json.loads(text)],
    "toml": lambda text: [tomllib.loads(text)],
    "yaml": _yaml,
    "yml": _yaml,
    "ini": _ini,
    "cfg": _ini,
    "conf": _ini,
    "env": _lines,
    "properties": _lines,
}
