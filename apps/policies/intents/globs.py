"""Paths as people write them, as globs of rules and as tests of Cedar."""

import re
from collections.abc import Sequence

from .asking import Unread
from .packages import COMMON_FILES, LANGUAGES
from .reader import NAME, Reader
from .statements import any_of, quoted

FILES = re.compile(
    rf"(?:any |all |every |each )?(?:file )?(?:(?:that )?(?:in|under|inside|within|below|matching"
    rf"|match|"
    rf"named|called|like|ending (?:in|with)|(?:with|having) (?:extension|ending)) )?"
    rf"(?P<name>{NAME}(?: policy| guide)?)(?: "
    rf"(?P<kind>file|folder))?"
)  # fmt: skip
INSIDE = re.compile(
    r"(?:any |all |every )?(?:those |file |anything |everything |code )?(?:in|under|inside"
    r"|within|below) "
    r"(«[lq]\d+»|[a-z][a-z0-9]*)(?: folder)?"
)
LANGUAGE_FILES = re.compile(
    rf"(?:any |all |every |each )?(?P<language>{'|'.join(LANGUAGES)}) (?:source )?(?:file|code"
    rf"|source)"
)
# A path that ends without a file's ending.
FOLDER_LIKE = re.compile(r"(?:[\w.@-]+/)+[\w@-]+")
KNOWN_ENDINGS = frozenset(
    """
    json yaml yml toml md txt py pyi ts tsx js jsx mjs cjs go rs java kt rb php sql sh tf lock env
    pem key crt cer p12 pfx jks ini cfg conf xml html css scss csv log bak exe dll so jar war zip
    gz properties gradle proto graphql vue svelte c h cpp hpp cs swift scala ipynb mod sum
    dockerfile tfstate tfvars example sample template plist p8 der keystore sqlite db
    """.split()  # noqa: SIM905 - names are easier read as words
)  # fmt: skip


def read_globs(words: str, reader: Reader) -> tuple[str, ...] | None:
    """Return the globs that words name, from the root of a project; None if they name no files."""
    found: list[str] = []
    says_file = bool(re.search(r"\bfile\b|\b(?:extension|ending)\b", words))
    for part in re.split(r" , and | , or | , | and | or ", words):
        endings = LANGUAGE_FILES.fullmatch(part)
        glob = None if endings else _read_glob(part, reader, says_file=says_file)
        if glob is None and not endings:
            return None
        found += [f"*.{end}" for end in LANGUAGES[endings["language"]]] if endings else [str(glob)]
    return tuple(found)


def with_below(globs: Sequence[str]) -> tuple[str, ...]:
    """Return the globs with all that is below those which may be folders."""
    return tuple(
        one
        for glob in globs
        for one in ((glob, f"{glob}/**") if FOLDER_LIKE.fullmatch(glob) else (glob,))
    )


def _read_glob(words: str, reader: Reader, *, says_file: bool) -> str | None:
    inside = INSIDE.fullmatch(words)
    if inside:
        return _below(reader.canon.raw(inside[1]))
    match = FILES.fullmatch(words)
    if not match:
        return None
    word, kind = match["name"], match["kind"]
    raw = reader.canon.raw(word)
    if kind == "folder":
        return _below(raw)
    if re.search(r"\b(?:ending in|ending with|with extension|with ending)\b", words):
        return f"*{raw}" if raw.startswith(".") else f"*.{raw.lstrip('*.')}"
    return _named(word, raw, says_file=says_file)


def _below(raw: str) -> str | None:
    path = raw.removeprefix("./").strip("/")
    if not re.fullmatch(r"[\w.@*/-]+", path):
        return None
    return path if path.endswith("**") else f"{path.removesuffix('/*')}/**"


def _named(word: str, raw: str, *, says_file: bool) -> str | None:
    lowered = raw.lower()
    if lowered in COMMON_FILES:
        return COMMON_FILES[lowered]
    if word in COMMON_FILES:
        return COMMON_FILES[word]
    if re.fullmatch(r"«[vtmx]\d+»", word):
        return None
    is_path = bool(re.search(r"[*/]", raw)) or raw.startswith(".") or _has_ending(raw)
    if says_file and raw.startswith(".") and raw[1:].lower() in KNOWN_ENDINGS:
        return f"*{raw}"
    if is_path:
        return _path(raw)
    is_shouted = raw.isupper() and len(raw) > 2
    return raw if (says_file or is_shouted) and re.fullmatch(r"[\w.-]+", raw) else None


def _has_ending(raw: str) -> bool:
    return raw.rpartition(".")[2].lower() in KNOWN_ENDINGS and "." in raw


def _path(raw: str) -> str | None:
    path = raw.removeprefix("./").lstrip("/")
    if not re.fullmatch(r"[\w.@*?/{}-]+", path) or "{" in path or path.startswith(("@", "..")):
        return None
    return f"{path}**" if path.endswith("/") else path


def anywhere(glob: str) -> str:
    """Return a glob for rules: a name without a folder is meant in every folder."""
    return glob if "/" in glob else f"**/{glob}"


def path_test(globs: Sequence[str]) -> str:
    """Return a Cedar expression for paths that fit one of the globs; Unread where Cedar has"
    " none."""
    tests = list(dict.fromkeys(test for glob in globs for test in _path_tests(glob)))
    if len(tests) == 1:
        return f"resource has path && {tests[0]}"
    return f"resource has path && ({any_of(tests)})"


def _path_tests(glob: str) -> list[str]:
    full = glob if "/" in glob else f"**/{glob}"
    for shape, tests in SHAPES:
        match = shape.fullmatch(full)
        if match:
            return [_test(one.format(*match.groups())) for one in tests]
    if "**" in full or "?" in full:
        raise Unread(glob, f"{glob}: agents cannot be told this path; write one * or **.")
    return [_in_folder(full)]


# What a glob with `**` means to Cedar, whose `*` crosses folders: which paths are the same.
SHAPES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"\*\*(?:/\*)?"), ("*",)),
    (re.compile(r"\*\*/\*([^*?/]*)"), ("*{0}",)),
    (re.compile(r"\*\*/([^*?]+)/\*\*"), ("{0}/*", "*/{0}/*")),
    (re.compile(r"\*\*/([^*?]+)"), ("{0}", "*/{0}")),
    (re.compile(r"\*\*/([^*?]+)\*([^*?/]*)"), ("{0}*{1}", "*/{0}*{1}")),
    (re.compile(r"([^*?]+)/\*\*(?:/\*)?"), ("{0}/*",)),
    (re.compile(r"([^*?]+)/\*\*/\*([^*?/]+)"), ("{0}/*{1}",)),
    (re.compile(r"([^*?]+)/\*\*/([^*?]+)"), ("{0}/{1}", "{0}/*/{1}")),
)


def _test(text: str) -> str:
    if "*" not in text:
        return f"resource.path == {quoted(text)}"
    return f"resource.path like {quoted(text)}"


def _in_folder(glob: str) -> str:
    # A star of a glob stays in its folder, one of Cedar does not: what crosses is taken out.
    stars = [found.start() for found in re.finditer(r"\*", glob)]
    crossing = [f"{glob[:at]}*/{glob[at:]}" for at in stars]
    return " && ".join([_test(glob), *(f"!({_test(one)})" for one in crossing)])
