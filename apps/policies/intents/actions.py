"""What people do in intents, as the actions and resources that agents are asked about."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from .asking import Unread
from .globs import path_test, read_globs, with_below
from .packages import TOOLS, known_packages
from .reader import NAME, Reader
from .statements import any_of, quoted
from .subjects import NAMES, NOT_NAMES, Package, Service, read_subjects
from .types import Choice

READ, WRITE, RUN, USE, DEPLOY, PROPOSE, ANYTHING = (
    "read", "write", "run", "use", "deploy", "propose", "anything",
)  # fmt: skip
VERBS: Mapping[str, tuple[str, ...]] = {
    DEPLOY: ("deploy", "deploys", "deploying", "deployed", "deployment", "deployments"),
    READ: ("read", "reads", "reading", "open", "opening", "opened", "view", "viewing", "viewed",
           "see", "seeing", "look at", "looking at", "search", "searching", "query", "querying"),
    WRITE: ("write", "writes", "writing", "write to", "writing to", "written", "modify",
            "modifying", "modified", "change", "changing", "changed", "edit", "editing", "edited",
            "update", "updating", "updated", "create", "creating", "created", "delete", "deleting",
            "deleted", "overwrite", "overwriting", "alter", "altering", "store", "storing", "save",
            "saving", "add to", "adding to", "store in", "storing in", "save to", "save in",
            "touch", "touching", "touched", "write into", "writing into"),
    RUN: ("run", "runs", "running", "execute", "executing", "executed", "invoke", "invoking",
          "call", "calling", "launch", "launching", "start", "starting"),
    USE: ("use", "uses", "using", "used", "add", "adding", "added", "install", "installing",
          "installed", "introduce", "introducing", "depend on", "depending on", "pull in",
          "pulling in", "bring in", "bringing in"),
    PROPOSE: ("propose", "proposing", "proposed", "submit", "submitting", "suggest",
              "suggesting"),
    "access": ("access", "accessing", "accessed", "work with", "work on"),
}  # fmt: skip
VERB_OF = {word: verb for verb, words in VERBS.items() for word in words}
VERB = "(?:" + "|".join(sorted(VERB_OF, key=len, reverse=True)) + ")"
PHRASE = re.compile(
    rf"(?P<verbs>{VERB}(?:(?: ,| , and| , or| and| or|/| nor) {VERB})*)(?: (?P<object>.+))?"
)
EVERYTHING = ("use_dependency", "read_file", "write_file", "run_tool", "read_memory",
              "write_memory", "read_knowledge", "propose_knowledge", "deploy")  # fmt: skip
LAYERS = ("agent", "user", "session", "project", "team", "organization", "company")
KINDS = {"adr": "adr", "adrs": "adr", "pattern": "pattern", "patterns": "pattern",
         "policy": "policy", "policies": "policy", "spec": "spec", "specs": "spec",
         "guide": "guide", "guides": "guide", "hindsight": "hindsight",
         "hindsights": "hindsight"}  # fmt: skip
STATUSES = ("draft", "proposed", "approved", "deprecated", "rejected")
BEYOND = re.compile(
    r"\b(?:internet|network|database|production|staging|prod|api|apis|email|emails|slack|"
    r"credentials|secrets?|passwords?|main|master|branch(?:es)?|pull requests?|prs?|commits?|money|"
    r"server|servers|environments?|customers?|data)\b"
)


@dataclass(frozen=True, slots=True)
class Deed:
    """Actions on one type of resource; `test` narrows the resource, `place` where it is."""

    actions: tuple[str, ...]
    resource: str
    test: str = ""
    packages: tuple[Package, ...] = ()


def read_deeds(words: str, reader: Reader) -> list[Deed] | None:
    """Return what words say is done; None if they say nothing that is known. May ask."""
    if re.fullmatch(
        r"(?:do|doing|everything|do anything|do everything|doing anything|anything)", words
    ):
        return [Deed(EVERYTHING, "")]
    match = PHRASE.fullmatch(words)
    if not match:
        return None
    verbs = [VERB_OF[verb] for verb in re.findall(rf"\b{VERB}\b", match["verbs"])]
    target = re.sub(r"^(?:any|all|every|each|to|on|of|from) (?=\w+\b|«)", "", match["object"] or "")
    found: list[Deed] = []
    for verb in dict.fromkeys(verbs):
        deeds = READERS[verb](target, reader)
        if deeds is None:
            return None
        found += deeds
    return _joined(found)


def _joined(deeds: Sequence[Deed]) -> list[Deed]:
    # Two actions on the same thing are one statement.
    found: dict[tuple[str, str], Deed] = {}
    for deed in deeds:
        key = (deed.resource, deed.test)
        if key in found:
            actions = tuple(dict.fromkeys([*found[key].actions, *deed.actions]))
            found[key] = replace(found[key], actions=actions)
        else:
            found[key] = deed
    return list(found.values())


def _deploy(target: str, reader: Reader) -> list[Deed] | None:
    if re.fullmatch(
        r"(?:|anything|project|code|service|services|application|applications|changes)", target
    ):
        return [Deed(("deploy",), "Scope")]
    environment = re.fullmatch(
        r"(?:in|into|in to|to)? ?(production|prod|staging|live)(?: environment| system)?s?", target
    )
    if environment:
        reader.asker.ask(
            "environment",
            f"Agents are not asked where to: a policy cannot tell {environment[1]} apart. "
            "Is every deployment meant?",
            (Choice("all", "Yes, every deployment"),),
        )
        return [Deed(("deploy",), "Scope")]
    return None


def _reads(target: str, reader: Reader) -> list[Deed] | None:
    return _stored("read", target, reader) or _files(("read_file",), target, reader)


def _writes(target: str, reader: Reader) -> list[Deed] | None:
    return _stored("write", target, reader) or _files(("write_file",), target, reader)


def _accesses(target: str, reader: Reader) -> list[Deed] | None:
    stored = [deed for verb in ("read", "write") for deed in _stored(verb, target, reader) or ()]
    if stored:
        return stored
    return _files(("read_file", "write_file"), target, reader)


def _files(actions: tuple[str, ...], target: str, reader: Reader) -> list[Deed] | None:
    if re.fullmatch(r"file|anything in file|content of file", target):
        return [Deed(actions, "File")]
    bare = re.sub(r"^(?:any|all|every|each|contents? of) ", "", target)
    globs = read_globs(bare, reader)
    if globs is None:
        return None
    return [Deed(actions, "File", path_test(with_below(globs)))]


def _either(tests: Sequence[str]) -> str:
    return any_of(list(dict.fromkeys(tests)))


def _several(words: Iterable[str]) -> str:
    one = f"(?:{'|'.join(words)})"
    return f"{one}(?:(?: ,| or| and| , or) {one})*"


LAYER_WORDS = _several(LAYERS)
MEMORY = re.compile(
    rf"(?:(?P<layer>{LAYER_WORDS})(?: level| layer)? )?memory(?: items?| entries)?"
    rf"(?: (?:at|of|on|in|from) (?P<after>{LAYER_WORDS})(?: level| layer)?)?"
    rf"(?: (?:that is |that are |which are |with |(?:that |which )?(?:carry|carries|has|have) )?"
    rf"(?:tagged|tag|labelled|labeled)(?: as| with)? "
    rf"(?P<tag>{NAME}))?"
)
KNOWLEDGE = re.compile(
    rf"(?:(?P<status>{_several(STATUSES)}) )?(?:(?P<kind>{'|'.join(KINDS)})(?: items?|"
    rf" knowledge)?|knowledge(?: items?| base)?(?: of (?:type|kind) (?P<of>{_several(KINDS)}"
    rf"|«q\d+»))?(?: whose status is (?P<state>{_several(STATUSES)}))?)"
)


def _stored(verb: str, target: str, reader: Reader) -> list[Deed] | None:
    memory = MEMORY.fullmatch(target)
    if memory:
        layer = memory["layer"] or memory["after"]
        tests = []
        if layer:
            tests.append(_has("layer", [_layer(word) for word in _each(layer)]))
        if memory["tag"]:
            tag = quoted(reader.canon.raw(memory["tag"]))
            tests.append(f"resource has tags && resource.tags.contains({tag})")
        return [Deed((f"{verb}_memory",), "Memory", " && ".join(tests))]
    knowledge = KNOWLEDGE.fullmatch(target)
    if knowledge and verb == "read":
        return [_knowledge("read_knowledge", knowledge, reader)]
    if knowledge:
        raise Unread(target, "Agents propose knowledge, they do not write it: say “propose”.",
                     is_beyond=False)  # fmt: skip
    return None


def _each(words: str) -> list[str]:
    return re.split(r" , or | , | or | and ", words)


def _has(name: str, values: Sequence[str]) -> str:
    tests = [f"resource.{name} == {quoted(value)}" for value in dict.fromkeys(values)]
    return f"resource has {name} && " + (f"({any_of(tests)})" if len(tests) > 1 else tests[0])


def _layer(word: str) -> str:
    return "org" if word == "organization" else word


def _knowledge(action: str, match: re.Match[str], reader: Reader) -> Deed:
    tests = []
    kind = match["kind"] or (match["of"] or "").strip()
    if kind.startswith("«"):
        kind = reader.canon.raw(kind).lower()
    kinds = _each(kind) if kind else []
    for unknown in (one for one in kinds if one not in KINDS):
        raise Unread(unknown, f"{unknown} is no kind of knowledge.", is_beyond=False)
    if kinds:
        tests.append(_has("kind", [KINDS[one] for one in kinds]))
    status = match["status"] or match["state"]
    if match["status"] and match["state"]:
        raise Unread(match["state"], "It says twice in which status.", is_beyond=False)
    if status:
        tests.append(_has("status", _each(status)))
    return Deed((action,), "Knowledge", " && ".join(tests))


def _proposes(target: str, reader: Reader) -> list[Deed] | None:
    match = KNOWLEDGE.fullmatch(target or "knowledge")
    return [_knowledge("propose_knowledge", match, reader)] if match else None


TOOL = re.compile(
    rf"(?:tool (?:called |named )?(?P<after>{NAMES})|(?P<before>{NAMES}) (?:tool|commands?"
    rf"|command line)|(?P<bare>{NAMES}))"
)


def _runs(target: str, reader: Reader) -> list[Deed] | None:
    if re.fullmatch(r"(?:|tool|commands?|anything)", target):
        return [Deed(("run_tool",), "Tool")] if target == "tool" else None
    match = TOOL.fullmatch(target)
    if not match:
        return None
    words = match["after"] or match["before"] or match["bare"]
    names = [one for one in re.split(r" , and | , or | , | and | or ", words) if one]
    if any(name in NOT_NAMES or re.fullmatch(r"«[vtmx]\d+»", name) for name in names):
        return None
    tools = [reader.canon.raw(name) for name in names]
    tools = [tool.lower() if tool.istitle() else tool for tool in tools]
    if any(not re.fullmatch(r"[\w.:-]+", tool) for tool in tools):
        return None
    return [Deed(("run_tool",), "Tool", _either([tool_test(tool) for tool in tools]))]


def tool_test(name: str) -> str:
    """Return a Cedar expression: the resource is the tool of that name."""
    literal = quoted(name)
    return f"resource == Tool::{literal} || (resource has name && resource.name == {literal})"


def package_test(package: Package) -> str:
    """Return a Cedar expression: the resource is that package, or may be, as far as is told."""
    name = quoted(package.name)
    if "*" in package.name:
        named = f"resource has name && resource.name like {name}"
    else:
        named = f"resource == Dependency::{name} || (resource has name && resource.name == {name})"
    ecosystem = quoted(package.ecosystem)
    return (
        f"({named}) && (if resource has ecosystem then resource.ecosystem == {ecosystem} else true)"
    )


def _uses(target: str, reader: Reader) -> list[Deed] | None:
    bare = re.sub(r"^(?:new|additional|more|other|external) ", "", target)
    if re.fullmatch(r"(?:package|third party package|external package)", bare):
        return [Deed(("use_dependency",), "Dependency")]
    if re.search(r"\b(?:tool|commands?|shell)\b", target) or _are_tools(target):
        return _runs(target, reader)
    if (
        re.fullmatch(rf"{NAME}", target)
        and target not in known_packages()
        and not _is_marked(target, reader)
    ):
        return _tool_or_package(target, reader)
    stored = (
        _stored("read", target, reader) if re.search(r"\b(?:memory|knowledge)\b", target) else None
    )
    return stored or _packages(target, reader)


def _are_tools(target: str) -> bool:
    return all(name in TOOLS for name in re.split(r" , and | , or | , | and | or ", target))


def _is_marked(word: str, reader: Reader) -> bool:
    return bool(re.search(r"[@/:*]", reader.canon.raw(word))) or word in NOT_NAMES


def _tool_or_package(word: str, reader: Reader) -> list[Deed] | None:
    name = reader.canon.raw(word)
    if not re.fullmatch(r"[\w.-]+", name):
        return None
    given = reader.asker.ask(
        f"thing:{name.lower()}",
        f"“{name}”: is that a tool that agents run, or a package that code depends on?",
        (Choice("tool", "A tool"), Choice("package", "A package")),
    )
    return _runs(word, reader) if given == "tool" else _packages(word, reader)


def _packages(target: str, reader: Reader) -> list[Deed] | None:
    subjects = read_subjects(target, reader)
    if not subjects:
        return None
    packages = tuple(one for one in subjects if isinstance(one, Package))
    servers = [one.name for one in subjects if isinstance(one, Service)]
    deeds = []
    if packages:
        test = _either([package_test(one) for one in packages])
        deeds.append(Deed(("use_dependency",), "Dependency", test, packages))
    if servers:
        deeds.append(Deed(("run_tool",), "Tool", _either([tool_test(one) for one in servers])))
    return deeds


READERS = {
    DEPLOY: _deploy, READ: _reads, WRITE: _writes, RUN: _runs, USE: _uses, PROPOSE: _proposes,
    "access": _accesses,
}  # fmt: skip
