"""Forms about what a project contains: packages, files, code, imports and configuration."""

import re
from collections.abc import Sequence

from .asides import Aside
from .configuration import read_configuration
from .contents import (
    forbidden_code,
    forbidden_files,
    forbidden_imports,
    read_code_sentence,
    read_import_sentence,
)
from .dependencies import forbidden_packages, read_allowed, read_allowlist
from .globs import read_globs
from .packages import ECOSYSTEM_WORDS
from .pieces import (
    Piece,
)
from .reader import SOMEWHERE, Reader
from .requirements import read_floor, read_presence
from .subjects import ECO

FORBID = re.compile(
    r"(?:block|avoid|warn (?:about|on|of|if|when|for|against)(?: there (?:is|are)| project (?:use"
    r"|uses|has|have|contains?|depends? on))?) "
    r"(?P<what>.+?)(?: (?:is|are) (?:used|found|present|installed))?"
)
FORBID_AFTER = re.compile(
    r"(?P<what>.+?) (?:BANNED|(?:may|should) not be (?:used|installed|added|imported|included"
    r"|depended on|there|found|contained|(?P<has>present|in project|committed|checked in))(?: (?:in"
    rf"|anywhere in|by) (?:any |our |all )?(?:(?P<lang>{ECO}) )?(?:project|code|service|team))?"
    r"|(?:may|should) not (?P<exist>exist))"
)

VERSION_NOT = re.compile(
    r"(?P<names>.+?)(?: version)? (?:may|should) not be (?P<versions>(?:older|newer|lower|higher"
    r"|earlier|"
    r"later|less|greater|more|below|above|under|over|before|after|at most|«v|<|>|=).*)"
)
PROJECT_NOT = re.compile(
    rf"(?:ENSURE )?{SOMEWHERE} (?:may not|should not|do not|does not|never|must never) (?:use"
    rf"|(?P<has>have|contain|include|ship|carry)|depend on|import|install|rely on) (?:any )?"
    rf"(?P<what>.+)"
)


def read_project(words: str, aside: Aside, reader: Reader, *, is_soft: bool) -> list[Piece] | None:
    """Return what a clause says about what projects contain; None if nothing."""
    if is_soft and not aside.severity:
        aside.severity = "warn"
    for form in (
        _banned,
        read_configuration,
        read_import_sentence,
        read_code_sentence,
        read_floor,
        read_presence,
        read_allowlist,
        read_allowed,
    ):
        found = form(words, aside, reader)
        if found is not None:
            return found
    return None


def _banned(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    barred = VERSION_NOT.fullmatch(words)
    if barred:
        return _forbidden(f"{barred['names']} {barred['versions']}", aside, reader)
    for pattern in (PROJECT_NOT, FORBID_AFTER, FORBID):
        match = pattern.fullmatch(words)
        what = match["what"] if match else ""
        hints = match.groupdict() if match else {}
        if (hints.get("has") or hints.get("exist")) and read_globs(what, reader):
            what = f"committing {what}"
        found = _forbidden(what, aside, reader) if what else None
        if found is not None:
            return found if _is_of(hints.get("lang"), found) else None
    return None


def _is_of(language: str | None, pieces: Sequence[Piece]) -> bool:
    # A rule knows packages of a language, and no other thing that only its projects have.
    rules = [piece for piece in pieces if isinstance(piece, dict)]
    wanted = ECOSYSTEM_WORDS[language] if language else ""
    return not wanted or all(one.get("ecosystem") == wanted for one in rules)


def _forbidden(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    words = re.sub(r"^(?:any|all|every|each|new) (?!package|version)", "", words)
    for form in (forbidden_imports, forbidden_code, forbidden_files, forbidden_packages):
        found = form(words, aside, reader)
        if found is not None:
            return found
    return None
