"""Forms about what must be there: versions to keep to, packages and files."""

import re
from collections.abc import Mapping, Sequence

from .asides import Aside
from .dependencies import is_package_like, read_versioned
from .globs import read_globs
from .packages import ECOSYSTEM_WORDS
from .pieces import (
    Piece,
    dependency_rules,
    excepted_packages,
    rule,
)
from .reader import NAME, SOMEWHERE, Reader
from .subjects import (
    ECO,
    Package,
    Subject,
    names_subjects,
    read_subjects,
)
from .types import Choice
from .versions import ANY, Span, outside, read_spans

PROJECT_MUST = re.compile(
    rf"(?:ENSURE )?(?P<kind>(?:(?:any|all|every|each) )?(?:{ECO} )?){SOMEWHERE} (?:must|should|to"
    rf"|always)? ?"
    rf"(?:needs?|requires?|have|has|contain|contains|include"
    rf"|includes|use|uses|depend on|depends on|ship|ships|carry|carries|provide|provides|come"
    rf" with|comes with) (?P<what>.+)"
)
MUST_BE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:use|require|run) at least (?:version )?(?P<names>{NAME}) (?P<minimum>«v\d+»)",
        rf"(?:use|require|run) at least (?:version )?(?P<minimum>«v\d+») of (?P<names>{NAME})",
        r"(?:minimum|min|lowest)(?: allowed| required| supported)? version (?:of|for) "
        r"(?P<names>.+?) (?:is|:|must be|=) (?P<minimum>.+)",
        r"(?:maximum|max|highest)(?: allowed| required| supported)? version (?:of|for) "
        r"(?P<names>.+?) (?:is|:|must be|=) (?P<maximum>.+)",
        r"(?P<names>.+?) (?:minimum|min) version (?:is|:|must be|=) (?P<minimum>.+)",
        r"(?P<names>\S+) (?:minimum|min) (?P<minimum>«v\d+»)",
        r"(?:require )?minimum version (?P<minimum>\S+) (?:of|for) (?P<names>.+)",
        r"(?:ENSURE )?(?P<names>.+?)(?: version)? (?:must|should) (?:be|stay|remain|be kept|be"
        r" pinned)(?: on| to)? (?P<version>.+)",
        r"(?:ENSURE )?(?P<names>.+?) (?:to be|is|are|stays) (?:at |on )?(?P<version>(?:at least"
        r"|version|«v|>=|no older|not older|below|above|newer).*)",
        r"keep (?P<names>.+?) (?P<version>(?:under|below|above|at least|at most|before|<|>).+)",
        r"(?P<names>.+?) : (?:use |must be )?(?P<version>.*«v.*)",
        r"(?:upgrade|update|keep|pin|bump|hold|lock|fix|freeze) (?P<names>.+?) (?:to|at|on) "
        r"(?P<version>.+)",
        r"(?P<names>.+?) must be (?:upgraded|updated) to (?P<version>.+)",
    )
)
ONLY_VERSION = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{SOMEWHERE} (?:may|must|should) only use (?P<what>.+)",
        r"only (?P<what>.+?) (?:may|must|should) be (?:used|installed|added)",
        r"(?:only allow|allow only|only use) (?P<what>.+)",
        r"(?:allow|use) (?P<what>.+) only",
        r"(?P<what>.+) only",
        r"(?:upgrade|update) (?:all |every )?(?:project )?to (?P<what>.+)",
    )
)
REQUIRED_VERSION = re.compile(r"(?:require|use) (?P<what>.+)|(?P<after>.+?) REQUIRED")


def read_floor(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    """Return what a clause says of the versions to keep to; None if nothing."""
    for form in (_kept_to_bounds, _only_versions, _required_versions):
        found = form(words, aside, reader)
        if found is not None:
            return found
    return None


def _kept_to_bounds(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    for pattern in MUST_BE:
        match = pattern.fullmatch(words)
        found = match.groupdict() if match else {}
        names = found.get("names") or ""
        if not names_subjects(names, reader):
            continue
        spans = read_spans(_bounds(found), reader.canon, reader.asker)
        subjects = read_subjects(names, reader) if spans and ANY not in spans else None
        if spans and subjects:
            return kept_within(subjects, spans, aside, reader)
    return None


def _bounds(found: Mapping[str, str | None]) -> str:
    if found.get("minimum"):
        return f"at least {found['minimum']}"
    if found.get("maximum"):
        return f"at most {found['maximum']}"
    return found.get("version") or ""


def _only_versions(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    for pattern in ONLY_VERSION:
        match = pattern.fullmatch(words)
        parsed = read_versioned(match["what"], reader, is_any_fine=False) if match else None
        if parsed and ANY not in parsed[1]:
            return kept_within(*parsed, aside, reader)
    return None


def _required_versions(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    match = REQUIRED_VERSION.fullmatch(words)
    said = match["what"] or match["after"] if match else ""
    parsed = read_versioned(said, reader, is_any_fine=False) if said else None
    if not parsed or ANY in parsed[1]:
        return None
    given = reader.asker.ask(
        "floor",
        "Must every project use it, or need only those that use it have such a version?",
        (Choice("if-used", "Those that use it, in such a version"),
         Choice("always", "Every project uses it, in such a version")),
    )  # fmt: skip
    if given == "if-used":
        return kept_within(*parsed, aside, reader)
    return _required(*parsed, aside)


def kept_within(
    subjects: Sequence[Subject], spans: Sequence[Span], aside: Aside, reader: Reader
) -> list[Piece] | None:
    """Return rules that keep packages within versions; None where not all are packages."""
    packages = [one for one in subjects if isinstance(one, Package)]
    if len(packages) != len(subjects):
        return None
    if len(spans) == 1:
        rules = dependency_rules("forbid", packages, outside(spans[0]), aside)
    else:
        rules = dependency_rules("forbid", packages, [ANY], aside)
        rules += dependency_rules("allow", packages, spans, Aside())
    return rules + excepted_packages(aside, packages, reader)


def _required(
    subjects: Sequence[Subject], spans: Sequence[Span], aside: Aside
) -> list[Piece] | None:
    packages = [one for one in subjects if isinstance(one, Package)]
    if len(packages) != len(subjects) or aside.except_words or len(spans) > 1:
        return None
    return dependency_rules("require", packages, spans, aside)


PRESENT = tuple(
    re.compile(pattern)
    for pattern in (
        rf"require (?P<what>.+?)(?: to (?:exist|be present|be there|be included|be used))?(?: "
        rf"(?:in|for|from|of) {SOMEWHERE})?",
        rf"(?:ENSURE )?(?P<what>.+?) (?:must|should) (?:exist|be present|be there|be included|be"
        rf" in place|be provided|be committed|be available|be used)(?: (?:in|for|by)"
        rf" {SOMEWHERE})?",
        rf"(?:ENSURE )?(?P<what>.+?) (?:exists|is present|is there|is used)(?: in {SOMEWHERE})?",
        rf"(?P<what>.+?) REQUIRED(?: (?:in|for) {SOMEWHERE})?",
        rf"(?:warn (?:if|when|where|about|on)) (?P<what>.+?) (?:is|are) (?:missing|absent|not"
        rf" there|not present|not used|lacking)(?: (?:in|from) {SOMEWHERE})?",
        rf"(?:block|warn (?:if|when|where|about|on)) (?:a )?{SOMEWHERE} (?:without|lacking"
        rf"|missing|lacks?|(?:that |which )?(?:has|have) no|(?:that |which )?(?:do|does) not "
        rf"(?:have|use|contain)) (?:any )?(?P<what>.+)",
        rf"(?:block|warn (?:about|on)) missing (?P<what>.+?)(?: (?:in|from) {SOMEWHERE})?",
        rf"{SOMEWHERE} (?:may not|must not) (?:lack|be without|miss) (?P<what>.+)",
        rf"no {SOMEWHERE} (?:may|must|should) (?:be without|lack|miss) (?P<what>.+)",
        rf"(?:include|add|provide|ship) (?P<what>.+?) (?:in|to|with) {SOMEWHERE}",
    )
)


def read_presence(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    """Return what a clause says that projects have; None if nothing."""
    match = PROJECT_MUST.fullmatch(words)
    candidates = [match["what"]] if match else []
    language = re.search(rf"\b({ECO})\b", match["kind"]) if match else None
    if match and language:
        return _of_language(match["what"], ECOSYSTEM_WORDS[language[1]], aside, reader)
    for pattern in PRESENT:
        found = pattern.fullmatch(words)
        if found:
            candidates.append(found["what"])
    for what in candidates:
        pieces = _present(
            re.sub(r"^(?:at least one|one|valid|top level) ", "", what), aside, reader
        )
        if pieces is not None:
            return pieces
    return None


def _of_language(words: str, ecosystem: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    # Projects of one language are those with its manifest: only packages are asked of these.
    pieces = _present(words, aside, reader)
    if pieces and all(isinstance(p, dict) and p.get("ecosystem") == ecosystem for p in pieces):
        return pieces
    return None


def _present(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    placed = re.fullmatch(rf"(.+?) (?:in|under|inside) (?:folder )?({NAME})(?: folder)?", words)
    folder = read_globs(f"file in {placed[2]}", reader) if placed else None
    if placed and folder and not is_package_like(words, reader):
        inside = read_globs(placed[1], reader)
        if inside and "/" not in inside[0]:
            root = folder[0].removesuffix("**")
            return [rule("file", "require", aside, path=f"{root}{glob}") for glob in inside]
    if not is_package_like(words, reader):
        globs = read_globs(re.sub(r"^file (?:called |named )?(?=\S)", "file ", words), reader)
        if globs is not None and not re.search(r" or ", words):
            if aside.except_words:
                return None
            return [rule("file", "require", aside, path=glob) for glob in globs]
    parsed = read_versioned(words, reader)
    if not parsed:
        return None
    return _required(parsed[0], parsed[1], aside)
