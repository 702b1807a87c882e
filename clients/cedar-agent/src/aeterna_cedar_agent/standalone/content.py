"""What callers wrote, as one value and one file: policies, schema and entities together."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aeterna_cedar_agent.digest import content_digest, digest_bytes
from aeterna_cedar_agent.durable import replace_file
from aeterna_cedar_agent.revision import Policy, Revision, read_entities, read_policies
from aeterna_cedar_agent.shape import need_object, take_text, take_whole

FILE = "written.content"
FORMAT = 1
NO_SCHEMA = ""


class CorruptContentError(Exception):
    """A file that is not what this agent wrote."""


def content(
    number: int,
    *,
    schema: str,
    policies: Sequence[Policy],
    entities: Sequence[dict[str, Any]],
) -> Revision:
    """Return content with its digest; the number counts the changes, nobody signs for them."""
    named = content_digest(
        schema=schema, policies=[policy.as_json() for policy in policies], entities=entities
    )
    return Revision(
        number=number,
        digest=named,
        schema=schema,
        policies=tuple(policies),
        entities=tuple(entities),
        manifest="",
    )


def write_file(directory: Path, written: Revision) -> None:
    """Keep this content, durably and whole; raises OSError and then keeps what was there."""
    value = {"format": FORMAT, **written.as_json()}
    payload = json.dumps(value, separators=(",", ":")).encode()
    replace_file(directory / FILE, content=digest_bytes(payload).encode() + b"\n" + payload)


def read_file(directory: Path) -> Revision | None:
    """Return the content kept in a directory, None where there is none yet.

    Raises CorruptContentError where it is not whole, OSError where it cannot be read.
    """
    try:
        claimed, _, payload = (directory / FILE).read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    if claimed != digest_bytes(payload).encode():
        raise CorruptContentError("file does not match its own digest")
    try:
        return _read(need_object(json.loads(payload), field="file"))
    except (ValueError, RecursionError) as error:
        raise CorruptContentError(str(error)) from error


def _read(source: dict[str, Any]) -> Revision:
    if source.get("format") != FORMAT:
        raise CorruptContentError(f"format {source.get('format')!r} is not {FORMAT}")
    written = content(
        take_whole(source, "revision"),
        schema=take_text(source, "schema", empty=True),
        policies=read_policies(source, "policies"),
        entities=read_entities(source, "entities"),
    )
    if written.digest != take_text(source, "digest"):
        raise CorruptContentError("content does not match its digest")
    return written
