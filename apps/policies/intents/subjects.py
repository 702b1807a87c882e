"""Packages as people name them, found in their ecosystems; asks where a name means several."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..rules.types import ECOSYSTEM_NAMES, Ecosystem
from .asking import Unread
from .packages import (
    ALIASES,
    ECOSYSTEM_WORDS,
    GO,
    MAVEN,
    SERVICE_NAMES,
    SERVICES,
    known_packages,
)
from .reader import NAME, Reader
from .types import Choice

EVERYWHERE = "every"
DRIVER, SERVER, BOTH = "driver", "server", "both"
ECO = "(?:" + "|".join(sorted({re.escape(w) for w in ECOSYSTEM_WORDS}, key=len, reverse=True)) + ")"
NAMES = rf"{NAME}(?:(?: ,| , and| , or| and| or) {NAME})*"
SUBJECT = re.compile(
    rf"(?:(?P<before>{ECO}) )?(?:package |module |library )?(?:called |named )?(?P<names>{NAMES})"
    rf"(?: package| module)?(?: scope)?(?: (?:from|on|in|of|for|\() (?:our |all |any )?"
    rf"(?P<after>{ECO})(?: \)| registry| package| project)?)?"
    rf"(?: package)?"
)
GO_PATH = re.compile(r"[\w-]+(?:\.[\w-]+)+/[\w./*-]+")
MAVEN_NAME = re.compile(r"[\w.*-]+:[\w.*-]+")
PURL = re.compile(r"pkg:(npm|pypi|cargo|golang|maven)/([^@?#]+)(?:@([\w.+-]+))?")
PREFIXED = re.compile(r"(npm|pypi|cargo|go|maven):(.+)")
# Words that are said about packages and are no package's name.
NOT_NAMES = frozenset(
    """
    and or not may must in on for to from with without unless except if when while by of as at any
    all every each only than then that which who this these those it them is are be was has have
    do does use using used package file code tool memory knowledge version agents people nobody
    other everyone project team organization company new old older newer some more less least most
    below above before after under over between through until up outdated unsafe vulnerable
    insecure deprecated unlicensed malicious untrusted unknown bad things stuff anything
    everything something nothing secrets secret passwords credentials dangerous external internal
    production staging network internet database databases apis api licence license licences
    licenses mfa policy policies rule rules change changes access import imports imported reading
    writing deploying deploy deploys deployment deployments running files folder module latest
    unmaintained abandoned approved unapproved good big large small weird suspicious random unused
    legacy copyleft gpl setting architect techlead admin developer viewer tenantadmin block
    require allow avoid warn read write run install add them itself existing such like certain
    specific same similar anyone
    """.split()  # noqa: SIM905 - a list of words is read as words
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Package:
    """A package of one ecosystem; `name` may hold `*`."""

    ecosystem: str
    name: str


@dataclass(frozen=True, slots=True)
class Service:
    """A server that people name as they name its client packages."""

    name: str


Subject = Package | Service


def names_subjects(words: str, reader: Reader) -> bool:
    """Tell whether words have the form of packages' names, without asking which."""
    match = SUBJECT.fullmatch(words)
    return bool(match) and all(_may_be_name(name, reader) for name in _names(match))


def _names(match: re.Match[str] | None) -> list[str]:
    found = re.split(r" , and | , or | , | and | or ", match["names"]) if match else []
    return [name for name in found if name]


def read_subjects(words: str, reader: Reader) -> list[Subject] | None:
    """Return what words name, each in its ecosystem; None if they name nothing."""
    match = SUBJECT.fullmatch(words)
    if not match or not names_subjects(words, reader):
        return None
    names = _names(match)
    hint = ECOSYSTEM_WORDS.get(match["before"] or match["after"] or "", "")
    is_package = bool(hint) or bool(re.search(r"\b(?:package|module)\b", words))
    return [one for name in names for one in _found(name, hint, reader, is_package=is_package)]


def _may_be_name(word: str, reader: Reader) -> bool:
    if word in NOT_NAMES or re.fullmatch(r"«[vtmx]\d+»", word):
        return False
    raw = reader.canon.raw(word)
    return bool(re.fullmatch(r"[@\w][\w.@/:*+-]*|\*[\w./:-]*\*?", raw)) and not raw.startswith(".")


def _found(word: str, hint: str, reader: Reader, *, is_package: bool) -> Sequence[Subject]:
    raw = reader.canon.raw(word)
    name = raw if re.fullmatch(r"«q\d+»", word) else raw.lower()
    if "/" in raw or ":" in raw:
        name = raw
    if re.fullmatch(r"@[\w-]+", raw) and hint in ("", "npm"):
        return [Package("npm", f"{raw.lower()}/*")]
    exact = by_notation(raw)
    if exact:
        return [exact]
    if hint:
        return [Package(hint, one) for one in _native(hint, name)]
    service = SERVICE_NAMES.get(name.lower(), name.lower())
    if service in SERVICES:
        return _service(service, reader, is_package=is_package)
    known = known_packages().get(name.lower(), ())
    if len({ecosystem for ecosystem, _ in known}) == 1:
        return [Package(ecosystem, found) for ecosystem, found in known]
    return _asked(name, [ecosystem for ecosystem, _ in known], reader)


def by_notation(raw: str) -> Package | None:
    """Return the package whose ecosystem its notation gives away; None for a plain name."""
    purl = PURL.fullmatch(raw)
    if purl:
        ecosystem = {"golang": "go"}.get(purl[1], purl[1])
        name = purl[2].replace("%40", "@")
        return Package(ecosystem, name.replace("/", ":") if ecosystem == "maven" else name)
    prefixed = PREFIXED.fullmatch(raw)
    if prefixed:
        return Package(prefixed[1], prefixed[2])
    if raw.startswith("@") and "/" in raw:
        return Package("npm", raw.lower())
    if GO_PATH.fullmatch(raw):
        return Package("go", raw)
    return Package("maven", raw) if MAVEN_NAME.fullmatch(raw) else None


def _native(ecosystem: str, name: str) -> tuple[str, ...]:
    if "/" in name and ecosystem in ("npm", "pypi", "cargo") and not name.startswith("@"):
        raise Unread(name, f"{name} is no package: packages are of a project as a whole.")
    if ecosystem == "maven" and ":" not in name:
        return MAVEN.get(name, (f"*:{name}",))
    if ecosystem == "go" and "/" not in name:
        return (GO.get(name, f"*/{name}"),)
    return (ALIASES.get(name, name),)


def _service(name: str, reader: Reader, *, is_package: bool) -> Sequence[Subject]:
    drivers = [Package(eco, one) for eco, names in SERVICES[name].items() for one in names]
    if is_package:
        return drivers
    given = reader.asker.ask(
        f"service:{name}",
        f"“{name}”: the client libraries, the server, or both?",
        (
            Choice(DRIVER, f"The client libraries: {_listed(drivers)}"),
            Choice(SERVER, f"The server: the tool {name}, and images of it in compose files"),
            Choice(BOTH, "Both"),
        ),
    )
    server: list[Subject] = [Service(name)]
    found: dict[str, Sequence[Subject]] = {
        DRIVER: drivers,
        SERVER: server,
        BOTH: [*drivers, *server],
    }
    return found[given]


def _listed(drivers: Sequence[Package]) -> str:
    return ", ".join(f"{one.name} ({ECOSYSTEM_NAMES[Ecosystem(one.ecosystem)]})" for one in drivers)


def _asked(name: str, known: Sequence[str], reader: Reader) -> Sequence[Subject]:
    if not re.search(r"[a-z]", name) and "*" not in name:
        raise Unread(name, f"{name} is no name of a package.")
    ecosystems = list(dict.fromkeys(known)) or [one.value for one in Ecosystem]
    choices = [Choice(one, f"The {ECOSYSTEM_NAMES[Ecosystem(one)]} package") for one in ecosystems]
    if len(ecosystems) > 1:
        choices.append(Choice(EVERYWHERE, "The package of that name in each of these"))
    question = f"Which “{name}” is meant: the package of which ecosystem?"
    given = reader.asker.ask(f"ecosystem:{name}", question, choices)
    wanted = ecosystems if given == EVERYWHERE else [given]
    return [Package(eco, one) for eco in wanted for one in _native(eco, name)]
