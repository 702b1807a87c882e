"""Dependencies in pom.xml."""

import re
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from ..types import Ecosystem
from .structured import read_xml
from .types import Dependency, asking, resolved

PROPERTY = re.compile(r"\$\{([^}]+)\}")


def pom_xml(file: str, text: str) -> Iterator[Dependency]:
    """Yield what a pom.xml asks for and manages, its own properties filled in."""
    root = read_xml(file, text)
    properties = {
        _tag(one): (one.text or "").strip() for group in _all(root, "properties") for one in group
    }
    properties["project.version"] = _child(root, "version")
    for element in _all(root, "dependency"):
        group, artifact = _child(element, "groupId"), _child(element, "artifactId")
        if group and artifact:
            version = _filled(_child(element, "version"), properties)
            name = f"{_filled(group, properties)}:{_filled(artifact, properties)}"
            yield _dependency(name, version, file, f"<artifactId>{artifact}<")


def _dependency(name: str, version: str, file: str, needle: str) -> Dependency:
    if version and version[0] not in "[($":
        return resolved(
            ecosystem=Ecosystem.MAVEN,
            name=name,
            version=version,
            file=file,
            needle=needle,
        )
    asked = version or "*"
    return asking(ecosystem=Ecosystem.MAVEN, name=name, asked=asked, file=file, needle=needle)


def _filled(value: str, properties: Mapping[str, str]) -> str:
    # One step only: a property of properties stays as written and may be any version.
    return PROPERTY.sub(lambda match: properties.get(match[1], match[0]), value)


def _all(root: Element, tag: str) -> Iterator[Element]:
    return (element for element in root.iter() if _tag(element) == tag)


def _child(element: Element, tag: str) -> str:
    return next(((one.text or "").strip() for one in element if _tag(one) == tag), "")


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]
