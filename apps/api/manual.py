"""The OpenAPI document as chapters that a page can show without a script."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Member:
    """A parameter or a member of a body."""

    name: str
    place: str
    kind: str
    is_required: bool
    about: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation."""

    id: str
    anchor: str
    method: str
    path: str
    summary: str
    members: list[Member]
    answers: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Chapter:
    """The operations of one resource."""

    name: str
    anchor: str
    entries: list[Entry]


def chapters(document: Mapping[str, Any]) -> list[Chapter]:
    """Return the operations of an OpenAPI document by their tag, both in order of the document."""
    found: dict[str, list[Entry]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            entry = _entry(document, path, method, operation)
            found.setdefault(operation["tags"][0], []).append(entry)
    return [
        Chapter(name=name.replace("-", " ").capitalize(), anchor=f"chapter-{name}", entries=entries)
        for name, entries in sorted(found.items())
    ]


def _entry(
    document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]
) -> Entry:
    members = [_parameter(item) for item in operation.get("parameters", ())]
    return Entry(
        id=operation["operationId"],
        anchor=operation["operationId"].replace(".", "-").replace("_", "-"),
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        members=[*members, *_body(document, operation)],
        answers=[
            (status, _resolved(document, answer)["description"])
            for status, answer in operation["responses"].items()
        ],
    )


def _parameter(item: Mapping[str, Any]) -> Member:
    return Member(
        name=item["name"],
        place=item["in"],
        kind=_kind(item["schema"]),
        is_required=bool(item.get("required")),
        about=item.get("description", ""),
    )


def _body(document: Mapping[str, Any], operation: Mapping[str, Any]) -> list[Member]:
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return []
    schema = _resolved(document, content["application/json"]["schema"])
    return [
        Member(
            name=name,
            place="body",
            kind=_kind(_resolved(document, member)),
            is_required=name in schema.get("required", ()),
            about=member.get("description", ""),
        )
        for name, member in schema["properties"].items()
    ]


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    kind = str(schema.get("format") or schema.get("type", "any"))
    if "maxLength" in schema:
        return f"{kind}, at most {schema['maxLength']} characters"
    if "maximum" in schema and schema["maximum"] < 1_000_000:
        return f"{kind}, {schema.get('minimum', 0)} to {schema['maximum']}"
    return kind


def _resolved(document: Mapping[str, Any], item: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = item.get("$ref")
    if not reference:
        return item
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found  # type: ignore[no-any-return]
