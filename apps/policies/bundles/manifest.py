"""The manifest of a bundle: what it names, and the digest that binds it."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from apps.orgs.types import Severity

from ..digest import canonical, sha256
from ..types import MergeStrategy, PolicyMode
from .types import MAX_POLICIES, MAX_TESTS

Path = Annotated[
    str,
    StringConstraints(pattern=r"^([a-z0-9][a-z0-9-]{0,62}(/[a-z0-9][a-z0-9-]{0,62}){0,3})?$"),
]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Header(BaseModel):
    """What every version of the format begins with."""

    format: Literal["aeterna-policy-bundle"]
    version: int


class FileEntry(_Part):
    """A file of the bundle and its digest."""

    file: str
    sha256: Digest


class TestEntry(_Part):
    """A question with its expected answer."""

    name: str
    question: dict[str, Any]
    expected: Literal["allow", "deny"]


class PolicyEntry(_Part):
    """A policy with its settings, its tests and where its text is."""

    path: Path
    name: str
    description: str
    severity: Severity
    mode: PolicyMode
    merge_strategy: MergeStrategy
    state: Literal["in_force", "draft"]
    cedar: FileEntry | None
    rules: FileEntry | None
    tests: Annotated[list[TestEntry], Field(max_length=MAX_TESTS)]


class Manifest(_Part):
    """Everything that a bundle holds besides the texts themselves."""

    format: Literal["aeterna-policy-bundle"]
    version: int
    digest: Digest
    policies: Annotated[list[PolicyEntry], Field(min_length=1, max_length=MAX_POLICIES)]


def digest_of(manifest: Mapping[str, Any]) -> str:
    """Return the digest that a manifest should name: of all else in it, the files' included."""
    return sha256(canonical({key: value for key, value in manifest.items() if key != "digest"}))


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """Return a manifest as the one text it has."""
    return json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
