"""Reading JSON, TOML and XML from strangers: faults become words, and nothing is expanded."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from .types import UnreadableManifest

DECLARATION = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


def read_json(file: str, text: str) -> Mapping[str, Any]:
    """Return the object in JSON text; UnreadableManifest says where it ends to be JSON."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableManifest(f"{file} is not JSON: {_told(error)}") from error
    return _mapping(found, file)


def read_toml(file: str, text: str) -> Mapping[str, Any]:
    """Return the table in TOML text; UnreadableManifest says where it ends to be TOML."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableManifest(f"{file} is not TOML: {_told(error)}") from error


def read_xml(file: str, text: str) -> ET.Element:
    """Return the root of XML text; UnreadableManifest for faults and for any declaration."""
    if DECLARATION.search(text):
        raise UnreadableManifest(f"{file} declares a document type or entities: take them out")
    try:
        return ET.fromstring(text)  # noqa: S314 - without declarations nothing can be expanded
    except (ET.ParseError, ValueError) as error:
        raise UnreadableManifest(f"{file} is not XML: {_told(error)}") from error


def mapping_at(data: Mapping[str, Any], key: str, file: str) -> Mapping[str, Any]:
    """Return the object under `key`, empty for none; UnreadableManifest for anything else."""
    found = data.get(key)
    return {} if found is None else _mapping(found, f"{file}: {key}")


def list_at(data: Mapping[str, Any], key: str) -> Sequence[Any]:
    """Return the list under `key`, empty for anything else."""
    found = data.get(key)
    return found if isinstance(found, list) else ()


def _mapping(found: object, where: str) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise UnreadableManifest(f"{where} is not an object")
    return found


def _told(error: Exception) -> str:
    return "it nests too deep" if isinstance(error, RecursionError) else str(error)[:200]
