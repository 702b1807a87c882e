"""Dependencies in requirements.txt, pyproject.toml, and the locks of Poetry and uv."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from ..types import Ecosystem
from ..versions import Range, intersect, range_of
from .structured import list_at, mapping_at, read_toml
from .types import Dependency, asking, resolved


def requirements_txt(file: str, text: str) -> Iterator[Dependency]:
    """Yield what a requirements file asks for; options and addresses name no version."""
    for number, line in enumerate(_joined_lines(text), start=1):
        asked = line.partition(" #")[0].partition(" --hash")[0].strip()
        if asked and not asked.startswith(("#", "-")):
            found = _required(asked, file, line=number)
            if found:
                yield found


def pyproject(file: str, text: str) -> Iterator[Dependency]:
    """Yield what a pyproject.toml asks for: PEP 621, dependency groups and Poetry's tables."""
    data = read_toml(file, text)
    for asked in _asked(data, file):
        found = _required(asked, file)
        if found:
            yield found
    tool = mapping_at(data, "tool", file)
    poetry = mapping_at(tool, "poetry", file)
    groups = mapping_at(poetry, "group", file).values()
    for table in (poetry, *(group for group in groups if isinstance(group, Mapping))):
        for group in ("dependencies", "dev-dependencies"):
            yield from _poetry(mapping_at(table, group, file), file)


def toml_lock(file: str, text: str) -> Iterator[Dependency]:
    """Yield every package in a poetry.lock or uv.lock."""
    for package in list_at(read_toml(file, text), "package"):
        if isinstance(package, Mapping) and "name" in package and "version" in package:
            yield resolved(
                ecosystem=Ecosystem.PYPI,
                name=str(package["name"]),
                version=str(package["version"]),
                file=file,
                needle=f'name = "{package["name"]}"',
            )


def _joined_lines(text: str) -> Iterator[str]:
    # A line that goes on keeps the number of its first one.
    kept, extra = "", 0
    for line in text.splitlines():
        if line.endswith("\\"):
            kept, extra = kept + line[:-1], extra + 1
            continue
        yield kept + line
        yield from [""] * extra
        kept, extra = "", 0
    yield kept


def _asked(data: Mapping[str, Any], file: str) -> Iterator[str]:
    project = mapping_at(data, "project", file)
    lists = [list_at(project, "dependencies")]
    lists += [
        list_at(mapping_at(project, "optional-dependencies", file), name)
        for name in mapping_at(project, "optional-dependencies", file)
    ]
    groups = mapping_at(data, "dependency-groups", file)
    lists += [list_at(groups, name) for name in groups]
    for asked in lists:
        yield from (one for one in asked if isinstance(one, str))


def _required(asked: str, file: str, *, line: int = 0) -> Dependency | None:
    try:
        requirement = Requirement(asked)
    except InvalidRequirement:
        return None
    specifier = str(requirement.specifier)
    place: dict[str, Any] = {"file": file, "needle": asked, "line": line}
    name, pypi = requirement.name, Ecosystem.PYPI
    if specifier.startswith("==") and "," not in specifier and "*" not in specifier:
        return resolved(ecosystem=pypi, name=name, version=specifier.lstrip("="), **place)
    return asking(ecosystem=pypi, name=name, asked=specifier or "*", **place)


def _poetry(table: Mapping[str, Any], file: str) -> Iterator[Dependency]:
    for name, value in table.items():
        asked = value.get("version", "*") if isinstance(value, Mapping) else value
        if name != "python":
            found = asking(ecosystem=Ecosystem.PYPI, name=name, asked="*", file=file)
            yield replace(found, asked=str(asked), versions=_poetry_range(str(asked)))


def _poetry_range(asked: str) -> Range:
    # Poetry writes ^ and ~ as npm does, a bare version for exactly that one, and PEP 440 besides.
    result = range_of(Ecosystem.PYPI, "*")
    for part in filter(None, (one.strip() for one in asked.split(","))):
        try:
            result = intersect(result, range_of(Ecosystem.PYPI, _as_pep440(part)))
        except ValueError:
            return range_of(Ecosystem.PYPI, "*")
    return result


def _as_pep440(part: str) -> str:
    if part[0].isdecimal():
        return f"=={part}"
    if part[0] not in "^~" or part.startswith("~="):
        return part
    numbers = [int(number) for number in part[1:].split(".")]
    kept = 1 if part[0] == "~" and len(numbers) > 1 else 0
    if part[0] == "^":
        kept = next((i for i, number in enumerate(numbers) if number), len(numbers) - 1)
    above = [*numbers[:kept], numbers[kept] + 1]
    return f">={part[1:]},<{'.'.join(map(str, above))}"
