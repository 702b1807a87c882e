"""What a check is told about a project: its manifests, its files and what some of them say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.kernel.errors import Invalid

from .manifests import Dependency, UnreadableManifest, ecosystem_of, read_manifest
from .types import Ecosystem

MAX_FILES = 20_000
MAX_PATH = 500
MAX_TEXTS = 500
MAX_TEXT_CHARACTERS = 1_000_000
MAX_ALL_CHARACTERS = 2_000_000
MAX_DEPENDENCIES = 20_000


@dataclass(frozen=True, slots=True)
class Project:
    """A project as a check sees it; `is_listed` says whether `files` are all that it has."""

    files: tuple[str, ...]
    is_listed: bool
    texts: Mapping[str, str]
    dependencies: tuple[Dependency, ...]
    manifests: Mapping[Ecosystem, str]
    resolved: frozenset[tuple[Ecosystem, str]]


def load_project(
    *, manifests: Mapping[str, str], files: Sequence[str] | None, contents: Mapping[str, str]
) -> Project:
    """Return the project that these describe; Invalid names the manifest or path that is wrong."""
    _require_paths("manifests", tuple(manifests))
    _require_paths("files", tuple(files or ()))
    _require_paths("contents", tuple(contents))
    _require_sizes("manifests", manifests)
    _require_sizes("contents", {**manifests, **contents})
    unknown = [path for path in manifests if ecosystem_of(path) is None]
    if unknown:
        raise Invalid(fields={"manifests": [f"{unknown[0]} is no manifest that is known."]})
    texts = {**contents, **manifests}
    found = {path: text for path, text in texts.items() if ecosystem_of(path)}
    dependencies = tuple(d for path in sorted(found) for d in _read(path, found[path]))
    if len(dependencies) > MAX_DEPENDENCIES:
        said = f"At most {MAX_DEPENDENCIES} dependencies; these are {len(dependencies)}."
        raise Invalid(fields={"manifests": [said]})
    return Project(
        files=tuple(sorted({*(files or ()), *texts})),
        is_listed=files is not None,
        texts=texts,
        dependencies=dependencies,
        manifests={kind: path for path in sorted(found) if (kind := ecosystem_of(path))},
        resolved=frozenset((d.ecosystem, d.name) for d in dependencies if d.is_resolved),
    )


def _read(path: str, text: str) -> list[Dependency]:
    try:
        return read_manifest(path, text)
    except UnreadableManifest as error:
        raise Invalid(fields={"manifests": [f"{error}."]}) from error


def _require_paths(field: str, paths: Sequence[str]) -> None:
    limit = MAX_FILES if field == "files" else MAX_TEXTS
    if len(paths) > limit:
        raise Invalid(fields={field: [f"At most {limit} paths; these are {len(paths)}."]})
    for path in paths:
        if not path or len(path) > MAX_PATH:
            raise Invalid(fields={field: [f"A path has 1 to {MAX_PATH} characters."]})
        if path.startswith("/") or ".." in path.split("/"):
            said = f"{path} is not inside the project: write it from the project's root."
            raise Invalid(fields={field: [said]})


def _require_sizes(field: str, texts: Mapping[str, str]) -> None:
    for path, text in texts.items():
        if len(text) > MAX_TEXT_CHARACTERS:
            said = f"{path} has more than {MAX_TEXT_CHARACTERS} characters."
            raise Invalid(fields={field: [said]})
    if sum(map(len, texts.values())) > MAX_ALL_CHARACTERS:
        raise Invalid(fields={field: [f"At most {MAX_ALL_CHARACTERS} characters in all."]})
