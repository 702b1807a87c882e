"""Forms about packages: banned, allowed, the only ones."""

import re
from collections.abc import Sequence

from .actions import Deed, package_test, tool_test
from .asides import Aside
from .asking import Unread
from .packages import ECOSYSTEM_WORDS, known_packages
from .pieces import (
    Piece,
    dependency_rules,
    excepted_packages,
    rule,
    statements,
)
from .reader import SOMEWHERE, Reader
from .statements import Who, any_of, quoted
from .subjects import (
    ECO,
    NAMES,
    Package,
    Service,
    Subject,
    by_notation,
    names_subjects,
    read_subjects,
)
from .versions import ANY, Span, read_spans

USING = re.compile(r"(?:using|use|uses|use of|installing|adding|depending on|having) (?P<what>.+)")


def is_package_like(words: str, reader: Reader) -> bool:
    """Tell whether words name a package, known or by its notation."""
    raw = reader.canon.raw(words)
    return raw.lower() in known_packages() or (by_notation(raw) is not None)


def read_versioned(
    words: str, reader: Reader, *, is_any_fine: bool = True
) -> tuple[list[Subject], tuple[Span, ...]] | None:
    """Return packages and services with their versions, none for any; None if words name none."""
    for names, said in _versioned_splits(words):
        if not names_subjects(names, reader) or not (said or is_any_fine):
            continue
        spans = read_spans(said, reader.canon, reader.asker) if said else (ANY,)
        subjects = read_subjects(names, reader) if spans else None
        if spans and subjects:
            return subjects, spans
    return None


def _versioned_splits(words: str) -> list[tuple[str, str]]:
    # Where the name ends and the versions begin: each place is tried, the longest name first.
    words = re.sub(r"^(?:any|all|every|each) (?=\S)", "", words).removeprefix("version of ")
    parts = words.split(" ")
    found = [(words, "")]
    late = re.fullmatch(rf"(\S+) (.*«v\d+».*?) (?:from|on|in) ({ECO})", words)
    if late:
        found.append((f"{late[3]} package {late[1]}", late[2]))
    of = re.fullmatch(r"(version .+?|.+? version) of (.+)", words)
    if of:
        found.append((of[2], of[1]))
        than = re.fullmatch(r"(\w+) version", of[1])
        if than:
            rest = re.fullmatch(r"(.+?) (than «v\d+»)", of[2])
            if rest:
                found.append((rest[1], f"{than[1]} {rest[2]}"))
    splits = ((parts[:at], parts[at:]) for at in range(len(parts) - 1, 0, -1))
    return found + [
        (" ".join(names).strip(" ,"), " ".join(said).strip(" ,")) for names, said in splits
    ]


def forbidden_packages(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    """Return what words after a ban say of packages; None if nothing."""
    using = USING.fullmatch(words)
    words = using["what"] if using else words
    whole = re.fullmatch(rf"(?:any|all|every)?(?: new)? ?(?:(?P<eco>{ECO}) )?package", words)
    if whole:
        return _every_package(whole["eco"], aside, reader)
    found = read_versioned(words, reader)
    if not found:
        return None
    subjects, spans = found
    packages = [one for one in subjects if isinstance(one, Package)]
    servers = [one for one in subjects if isinstance(one, Service)]
    pieces = _package_pieces(packages, spans, aside, reader)
    for server in servers:
        pieces += _server_pieces(server, aside, reader)
    return pieces


def _every_package(eco: str | None, aside: Aside, reader: Reader) -> list[Piece] | None:
    if eco and aside.except_words:
        return _allowlist(ECOSYSTEM_WORDS[eco], aside.except_words, aside, reader)
    if eco or aside.except_words:
        return None
    who, aside.who = aside.who or Who(), None
    deed = Deed(("use_dependency",), "Dependency")
    return statements("forbid", who, [deed], aside, reader)


def _package_pieces(
    packages: Sequence[Package], spans: Sequence[Span], aside: Aside, reader: Reader
) -> list[Piece]:
    if not packages:
        return []
    is_whole = ANY in spans
    if aside.conditions() and is_whole:
        who, aside.who = aside.who or Who(), None
        test = any_of([package_test(one) for one in packages])
        return statements(
            "forbid",
            who,
            [Deed(("use_dependency",), "Dependency", test, tuple(packages))],
            aside,
            reader,
        )
    rules = dependency_rules("forbid", packages, spans, aside)
    allowed = excepted_packages(aside, packages, reader)
    if (
        not is_whole
        or aside.severity in ("info", "warn")
        or any("versions" in one for one in allowed if isinstance(one, dict))
    ):
        return rules + allowed
    test = any_of([package_test(one) for one in packages])
    deed = Deed(("use_dependency",), "Dependency", test, tuple(packages))
    return rules + allowed + statements("forbid", Who(), [deed], aside, reader)


def _server_pieces(server: Service, aside: Aside, reader: Reader) -> list[Piece]:
    pattern = rf"image:\s*[\"']?([\w.:/-]+/)?{server.name}\b"
    paths = (
        "**/docker-compose*.yml",
        "**/docker-compose*.yaml",
        "**/compose*.yml",
        "**/compose*.yaml",
    )
    rules: list[Piece] = [
        rule("code", "forbid", aside, path=path, pattern=pattern) for path in paths
    ]
    if aside.severity in ("info", "warn"):
        return rules
    deed = Deed(("run_tool",), "Tool", tool_test(server.name))
    return rules + statements("forbid", Who(), [deed], aside, reader)


ONLY_NAMED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"only (?P<names>{NAMES}) (?:may|must|should) be used as (?P<eco>{ECO}) package",
        rf"(?P<eco>{ECO}) {SOMEWHERE} (?:may|must|should) (?:only )?(?:depend on|use|install"
        rf"|import) "
        rf"(?:only|nothing but|nothing else than|nothing except)? ?(?P<names>{NAMES})",
        rf"(?:for|in) (?P<eco>{ECO}) ,? only package allowed (?:is|are) (?P<names>{NAMES})",
        rf"only (?P<eco>{ECO}) package (?:that may be used|allowed) (?:is|are) (?P<names>{NAMES})",
    )
)
ONLY_PACKAGES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:only allow|allow only|only use|use only) (?P<what>.+)",
        r"only (?P<what>.+?) (?:may|must|should) be (?:used|installed|added)",
        r"only (?P<what>.+?) (?:is|are) (?:allowed|permitted)",
        rf"{SOMEWHERE} (?:may|must|should) only (?:use|depend on|install|include) (?P<what>.+)",
    )
)
FROM = re.compile(
    rf"(?:(?P<eco>{ECO}) )?package (?:(?:from|in|of|under|by|named|called|starting with|that"
    rf" start with|matching|in scope) )?(?:scope )?(?P<names>{NAMES})"
)


def read_allowlist(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    """Return what a clause says are the only packages; None if nothing."""
    for pattern in ONLY_NAMED:
        named = pattern.fullmatch(words)
        if named and re.search(r"\b(?:only|nothing)\b", words):
            return _allowlist(ECOSYSTEM_WORDS[named["eco"]], [named["names"]], aside, reader)
    for pattern in ONLY_PACKAGES:
        match = pattern.fullmatch(words)
        source = FROM.fullmatch(re.sub(r"^(?:approved )", "", match["what"])) if match else None
        if match and source:
            names = re.sub(r"«l(\d+)»", lambda m: m[0], source["names"])
            ecosystem = ECOSYSTEM_WORDS.get(source["eco"] or "", "")
            if not ecosystem and not reader.canon.raw(names).startswith("@"):
                return None
            return _allowlist(ecosystem or "npm", [names], aside, reader)
    return None


def _allowlist(
    ecosystem: str, excepted: Sequence[str], aside: Aside, reader: Reader
) -> list[Piece]:
    aside.except_words = []
    everything = Package(ecosystem, "*")
    allowed = [one for words in excepted for one in _members(ecosystem, words, reader)]
    rules = dependency_rules("forbid", [everything], [ANY], aside)
    rules += dependency_rules("allow", allowed, [ANY], Aside())
    if aside.severity in ("info", "warn"):
        return rules
    named = [package_test(one) for one in allowed]
    of_ecosystem = (
        f"if resource has ecosystem then resource.ecosystem == {quoted(ecosystem)} else true"
    )
    deed = Deed(("use_dependency",), "Dependency", of_ecosystem, (everything,))
    return rules + statements("forbid", Who(), [deed], aside, reader, unless=[any_of(named)])


def _members(ecosystem: str, words: str, reader: Reader) -> list[Package]:
    bare = re.sub(r"^(?:package )?(?:(?:from|in|of|under|by) )?(?:scope )?", "", words)
    scope_name = reader.canon.raw(bare)
    if re.fullmatch(r"@[\w-]+", scope_name):
        return [Package("npm", f"{scope_name}/*")]
    subjects = read_subjects(f"{ecosystem} package {bare}", reader) or []
    found = [one for one in subjects if isinstance(one, Package)]
    if not found:
        raise Unread(words, f"“{reader.canon.shown(words)}” names no package.", is_beyond=False)
    return found


ALLOW = re.compile(
    r"allow (?:using |use of )?(?P<what>.+)|(?P<passive>.+?) (?:may be used|is allowed|are"
    r" allowed|is permitted|is ok|is fine)"
)


def read_allowed(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    """Return what a clause says of packages that are allowed; None if nothing."""
    match = ALLOW.fullmatch(words)
    found = read_versioned(match["what"] or match["passive"], reader) if match else None
    if not found or aside.conditions():
        return None
    packages = [one for one in found[0] if isinstance(one, Package)]
    if len(packages) != len(found[0]):
        return None
    rules = dependency_rules("allow", packages, found[1], aside)
    if ANY not in found[1]:
        return rules
    test = any_of([package_test(one) for one in packages])
    deed = Deed(("use_dependency",), "Dependency", test, tuple(packages))
    return rules + statements("permit", Who(), [deed], aside, reader)
