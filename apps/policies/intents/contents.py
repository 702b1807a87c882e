"""Forms about files, code and imports."""

import re
from collections.abc import Sequence

from .actions import Deed
from .asides import Aside
from .dependencies import is_package_like
from .globs import anywhere, path_test, read_globs, with_below
from .packages import LANGUAGES
from .pieces import (
    Piece,
    excepted_paths,
    rule,
    statements,
)
from .reader import NAME, Reader
from .statements import Who
from .subjects import (
    ECO,
    NAMES,
)
from .types import Choice

IMPORT = re.compile(
    rf"(?:importing|imports? of|importing of|import|imports) (?:(?:anything |everything )?from )?"
    rf"(?:(?:{ECO} )?(?:module |package ))?"
    rf"(?P<names>{NAMES})(?: module| package)?"
    rf"(?: (?P<where>(?:in|inside|within|from|under) .+))?"
)


def forbidden_imports(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    """Return what words after a ban say of imports; None if nothing."""
    match = IMPORT.fullmatch(words)
    globs = _where(match["where"], reader) if match else None
    if match is None or globs is None:
        return None
    return _import_rules(match["names"], globs, aside, reader)


NOT_IMPORT = re.compile(
    rf"(?:ENSURE )?(?P<where>.+?) (?:may not|should not|never|do not) (?:import|load) (?:anything"
    rf" from |from )?"
    rf"(?:module |package )?(?P<names>{NAMES})"
)


def read_import_sentence(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    """Return what a sentence says of what code imports; None if nothing."""
    match = NOT_IMPORT.fullmatch(words)
    globs = _source(match["where"], reader) if match else None
    if match is None or globs is None:
        return None
    return _import_rules(match["names"], globs, aside, reader)


def _import_rules(names: str, globs: Sequence[str], aside: Aside, reader: Reader) -> list[Piece]:
    rules: list[Piece] = []
    for name in re.split(r" , and | , or | , | and | or ", names):
        module = reader.canon.raw(name)
        for glob in globs:
            where = {} if glob == "**" else {"path": glob}
            rules.append(rule("import", "forbid", aside, module=module, **where))
    return rules + excepted_paths("import", rules, aside, reader)


def _where(words: str | None, reader: Reader) -> tuple[str, ...] | None:
    if not words or re.fullmatch(
        r"(?:in|inside|within|from) (?:any |all |our |new )?(?:code|project|source|file)", words
    ):
        return ("**",)
    bare = re.sub(r"^(?:in|inside|within|from|under|below) ", "", words)
    if bare in LANGUAGES:
        bare = f"{bare} file"
    globs = read_globs(bare, reader) or read_globs(f"file in {bare}", reader)
    return tuple(anywhere(glob) for glob in with_below(globs)) if globs else None


NOUN = (
    r"(?:statements?|calls?|comments?|annotations?|invocations?|markers?|directives?|declarations?)"
)
TEXT = rf"(?P<text>«[qxl]\d+»|{NAME}(?= {NOUN}))(?: (?P<noun>{NOUN}))?"
CODE = re.compile(
    rf"(?:(?:code|file|lines?) (?:that )?(?:containing|contains?|matching|matches|match|with|that"
    rf" calls?|calling|using) |(?P<call>calls? (?:to|of) )|use of |using |calling )?"
    rf"(?:pattern |text |regex )?{TEXT}(?: (?P<where>(?:in|inside|within|under) .+))?"
)


def forbidden_code(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    """Return what words after a ban say of code; None if nothing."""
    match = CODE.fullmatch(words)
    if not match:
        return None
    is_code = bool(re.match(r"(?:code|lines?|calls?|pattern|text) ", words)) or bool(match["noun"])
    is_code = is_code or bool(re.match(r"file (?:that )?(?:contain|match)", words))
    # What stands in a project is a file; what stands in code, or in files, is text.
    is_code = is_code or not re.search(r"\bproject$|^$", match["where"] or "")
    pattern = _pattern(match["text"], match["noun"] or match["call"] or "", is_code, reader)
    globs = _where(match["where"], reader)
    if pattern is None or globs is None:
        return None
    return _code_rules("forbid", pattern, globs, aside, reader)


def _code_rules(
    effect: str, pattern: str, globs: Sequence[str], aside: Aside, reader: Reader
) -> list[Piece]:
    rules: list[Piece] = []
    for glob in globs:
        where = {} if glob == "**" else {"path": glob}
        rules.append(rule("code", effect, aside, pattern=pattern, **where))
    return rules + excepted_paths("code", rules, aside, reader)


def _pattern(word: str, noun: str, is_code: bool, reader: Reader) -> str | None:
    raw = reader.canon.raw(word)
    if word.startswith("«x") or (word.startswith("«q") and f"pattern {word}" in reader.canon.words):
        return raw
    if raw.endswith("()"):
        return rf"{_edge(raw)}{re.escape(raw[:-2])}\s*\("
    if noun.startswith(("call", "invocation")):
        return rf"{_edge(raw)}{re.escape(raw)}\s*\("
    if noun and re.fullmatch(r"[\w.]+", raw):
        return rf"{_edge(raw)}{_plain(raw)}\b"
    if word.startswith("«q") and is_code:
        return _plain(raw)
    return _plain(raw) if is_code and word.startswith("«l") else None


def _edge(raw: str) -> str:
    return r"\b" if re.match(r"\w", raw) else ""


def _plain(text: str) -> str:
    return re.sub(r"([\\.+*?^$()\[\]{}|])", r"\\\1", text)


FILE_HINT = re.compile(
    r"(?:committing|checking in|adding|having|storing|committed|checked in) (?P<what>.+?)(?: "
    r"(?:in|into|to|from) (?:any |our |all |every )?(?:project|git|version control|source"
    r" control))?"
)
IN_PROJECT = re.compile(
    r"(?P<what>.+?) (?:in|inside|from|within|anywhere in) (?:any |our |all |every )?(?:project"
    r"|git|version control|source control)|(?P<committed>.+?) (?:committed|checked in)(?: "
    r"(?:in|to|into) .+)?|committed (?P<before>.+)"
)


def forbidden_files(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    """Return what words after a ban say of files; asks what about them; None if nothing."""
    hinted = FILE_HINT.fullmatch(words) or IN_PROJECT.fullmatch(words)
    what = next((text for text in hinted.groupdict().values() if text), words) if hinted else words
    if re.match(r"(?:using|use|importing|reading|writing|running|calling)\b", what):
        return None
    globs = read_globs(what, reader)
    if globs is None or is_package_like(what, reader):
        return None
    if not hinted:
        shown = reader.canon.shown(what)
        given = reader.asker.ask(
            f"files:{shown.lower()}",
            f"“{shown}”: may no project contain it, may nobody read it, or both?",
            (Choice("contain", "No project contains it"), Choice("read", "Nobody reads it"),
             Choice("both", "Both")),
        )  # fmt: skip
    else:
        given = "contain"
    found: list[Piece] = []
    if given in ("contain", "both"):
        found += [rule("file", "forbid", aside, path=anywhere(glob)) for glob in globs]
        found += excepted_paths("file", found, aside, reader)
    if given in ("read", "both"):
        found += _reading(globs, aside, reader)
    return found


def _reading(globs: Sequence[str], aside: Aside, reader: Reader) -> list[Piece]:
    who, aside.who = aside.who or Who(), None
    deed = Deed(("read_file",), "File", path_test(globs))
    return statements("forbid", who, [deed], aside, reader)


CODE_SENTENCE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:ENSURE )?(?P<where>.+?) (?P<not>may not|should not) (?:contain|match|include|have"
        rf"|use|call|start with) (?:any )?(?:pattern |text |calls? (?P<call>to) |lines? "
        rf"(?:that )?(?:contain(?:ing)?|match(?:ing)?) )?{TEXT}",
        rf"(?:ENSURE )?(?P<where>.+?) (?:must|should|to) (?:contain|match|include|have|call) "
        rf"(?:lines? (?:that )?(?:contain(?:ing|s)?|match(?:ing|es)?) |pattern |text )?{TEXT}",
        rf"require (?P<where>.+?) to (?:contain|match|include|call) (?:pattern |text )?{TEXT}",
        rf"require (?:pattern |text ){TEXT} in (?P<where>.+)",
        rf"(?:text |pattern |string |word )?{TEXT} (?P<not>is not|may not be) (?:in|inside|within) "
        rf"(?P<where>.+)",
        rf"(?:text |pattern |string |word )?{TEXT} (?P<not>may not|should not) (?:appear|occur"
        rf"|show up"
        rf"|be (?:used|called|present|found|included)) (?:in|inside|within|anywhere in) "
        rf"(?P<where>.+)",
    )
)


def read_code_sentence(words: str, aside: Aside, reader: Reader) -> list[Piece] | None:
    """Return what a sentence says that code contains; None if nothing."""
    for pattern in CODE_SENTENCE:
        match = pattern.fullmatch(words)
        if not match:
            continue
        found = match.groupdict()
        word = match["text"]
        if found.get("not") is None and not re.match(r"«[qx]", word):
            continue
        text = _pattern(word, match["noun"] or found.get("call") or "", True, reader)
        globs = _source(match["where"], reader)
        if text is None or globs is None:
            continue
        effect = "forbid" if found.get("not") else "require"
        return _code_rules(effect, text, globs, aside, reader)
    return None


def _source(words: str, reader: Reader) -> tuple[str, ...] | None:
    if re.fullmatch(
        r"(?:any |all |our |every |new )?(?:code|source|project|file|source code)", words
    ):
        return ("**",)
    bare = re.sub(r"^(?:any|all|every|each|our) ", "", words)
    inner = re.fullmatch(
        r"(?:code|file|everything|anything|module) (?:in|under|inside|within|below) (.+)", bare
    )
    language = re.fullmatch(
        rf"({'|'.join(LANGUAGES)}) (?:file|code|source) (?:in|under|inside"
        rf"|within|below) ({NAME})",
        bare,
    )
    if language:
        folder = reader.canon.raw(language[2]).strip("/")
        return tuple(f"{folder}/**/*.{ending}" for ending in LANGUAGES[language[1]])
    globs = read_globs(f"file in {inner[1]}", reader) if inner else read_globs(bare, reader)
    if inner and re.search(r"[*?]|\.\w+$", reader.canon.shown(inner[1])):
        globs = read_globs(inner[1], reader)
    return tuple(anywhere(glob) for glob in globs) if globs else None
