"""Cedar statements as slicing reads them: numbered, with every template slot filled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cedarpy
from cedarpy import pst


@dataclass(frozen=True, slots=True)
class Source:
    """Statements that were parsed together: their trees, or a handle where they nest too deep."""

    size: int
    trees: tuple[pst.Template, ...] | None
    unread: cedarpy.PolicySet | None = None


def read_text(text: str) -> Source:
    """Parse Cedar text; raises ValueError where it does not parse, is empty or has a template."""
    parsed = cedarpy.PolicySet.from_str(text, release_gil=True)
    if parsed.templates():
        raise ValueError("is a template: ?principal and ?resource have nothing to fill them")
    if len(parsed) == 0:
        raise ValueError("holds no statement")
    try:
        trees = tuple(parsed.to_pst().static_policies.values())
    except ValueError:
        return Source(len(parsed), None, parsed)
    return Source(len(parsed), trees)


def ids_of(policy: str, source: Source) -> tuple[str, ...]:
    """Return the ids of a policy's statements: its own, numbered where there are several."""
    many = tuple(f"{policy}#{place}" for place in range(source.size))
    return many if source.size > 1 else (policy,)


def read_set(policies: cedarpy.PolicySet) -> tuple[list[str], Source]:
    """Return the ids and statements of a parsed set, its template links as plain statements.

    Raises ValueError where a policy nests too deep to be read.
    """
    tree = policies.to_pst()
    named = dict(tree.static_policies)
    for link in tree.template_links:
        named[link.new_id] = _filled(tree.templates[link.template_id], link)
    return list(named), Source(len(named), tuple(named.values()))


def numbered(sources: Sequence[Source]) -> Iterator[tuple[int, Source]]:
    """Yield each source with the number of its first statement."""
    first = 0
    for source in sources:
        yield first, source
        first += source.size


def _filled(template: pst.Template, link: pst.TemplateLink) -> pst.Template:
    return replace(
        template,
        principal=_fill(template.principal, link),
        resource=_fill(template.resource, link),
    )


def _fill(
    scope: pst.PrincipalOrResourceConstraint, link: pst.TemplateLink
) -> pst.PrincipalOrResourceConstraint:
    if isinstance(scope, pst.ScopeAny | pst.ScopeIs) or not isinstance(scope.entity, pst.Slot):
        return scope
    return replace(scope, entity=link.values[scope.entity.name])
