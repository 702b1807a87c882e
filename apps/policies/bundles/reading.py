"""Reading a bundle that somebody hands in: bounded, and refused with what is wrong with it."""

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping
from typing import Any, Never, TypeVar

from pydantic import BaseModel, ValidationError

from apps.kernel.errors import Invalid
from apps.orgs.checks import TEXT_LENGTH, clean_text

from ..rules import dump_rules, parse_text
from .manifest import FileEntry, Header, Manifest, PolicyEntry, TestEntry, digest_of
from .types import (
    MANIFEST,
    MAX_BUNDLE_BYTES,
    MAX_CONTENT_BYTES,
    MAX_POLICIES,
    MAX_TESTS,
    VERSION,
    Carried,
    CarriedTest,
    PolicyBundle,
)

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
MOST_FAULTS = 20
SHOWN = 120
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 1
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError)
UNREADABLE = "is encrypted, or compressed in an uncommon way."
M = TypeVar("M", bound=BaseModel)
CHANGED = "was changed: its digest is another."


def read_bundle(content: bytes) -> PolicyBundle:
    """Return the policies in a bundle; Invalid naming what is wrong, at most 20 things at once.

    Nothing of it is trusted: sizes, names, digests and members are checked before they are used.
    """
    files = _unzip(content)
    manifest = _manifest(files)
    _require_intact(manifest, files)
    policies = [_carried(entry, files) for entry in manifest.policies]
    _require_once(policies)
    if sum(len(one.tests) for one in policies) > MAX_TESTS:
        _refuse(f"At most {MAX_TESTS} tests.")
    ordered = sorted(policies, key=lambda one: (one.path, one.name))
    return PolicyBundle(policies=tuple(ordered), digest=manifest.digest, content=content)


def _refuse(*faults: str) -> Never:
    raise Invalid("The bundle cannot be read.", fields={"bundle": list(faults[:MOST_FAULTS])})


def _unzip(content: bytes) -> dict[str, bytes]:
    if len(content) > MAX_BUNDLE_BYTES:
        _refuse(f"At most {MAX_BUNDLE_BYTES} bytes; these are {len(content)}.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _members(archive)
    except BROKEN:
        _refuse("This is not a zip file, or it is damaged.")


def _members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > 2 * MAX_POLICIES + 1:
        _refuse(f"At most {2 * MAX_POLICIES + 1} files; these are {len(infos)}.")
    counts = Counter(info.filename for info in infos)
    faults = [f"{_short(name)} is in it twice." for name, count in counts.items() if count > 1]
    faults += [f"{_short(info.filename)} {UNREADABLE}" for info in infos if not _is_plain(info)]
    if faults:
        _refuse(*faults)
    files: dict[str, bytes] = {}
    left = MAX_CONTENT_BYTES
    for info in infos:
        # What a file says of its own size is not believed.
        with archive.open(info) as member:
            files[info.filename] = member.read(left + 1)
        left -= len(files[info.filename])
        if left < 0:
            _refuse(f"At most {MAX_CONTENT_BYTES} bytes once unpacked.")
    return files


def _is_plain(info: zipfile.ZipInfo) -> bool:
    return info.compress_type in METHODS and not info.flag_bits & ENCRYPTED


def _manifest(files: Mapping[str, bytes]) -> Manifest:
    if MANIFEST not in files:
        _refuse(f"It has no {MANIFEST}.")
    header = _parsed(Header, files[MANIFEST])
    if header.version != VERSION:
        _refuse(f"{MANIFEST}: version {header.version} is not known here; {VERSION} is.")
    return _parsed(Manifest, files[MANIFEST])


def _parsed(model: type[M], text: bytes) -> M:
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        _refuse(*(f"{MANIFEST}: {_fault(problem)}" for problem in problems))


def _fault(problem: Mapping[str, Any]) -> str:
    place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in problem["loc"]).lstrip(".")
    return f"{place[:SHOWN]}: {problem['msg']}." if place else f"{problem['msg']}."


def _require_intact(manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Refuse what is missing, what is not named and what was changed, each by its name."""
    refs = [ref for one in manifest.policies for ref in (one.cedar, one.rules) if ref]
    named = Counter(ref.file for ref in refs)
    faults = [
        *([] if _digest_said(files[MANIFEST]) == manifest.digest else [f"{MANIFEST} {CHANGED}"]),
        *(f"{_short(name)} is named twice." for name, count in named.items() if count > 1),
        *(fault for ref in refs if (fault := _fault_of(ref, files))),
        *(
            f"{_short(name)} is not named in {MANIFEST}."
            for name in files
            if name not in named and name != MANIFEST
        ),
    ]
    if faults:
        _refuse(*faults)


def _digest_said(manifest: bytes) -> str:
    try:
        return digest_of(json.loads(manifest))
    except ValueError:
        # A number of more digits than anybody may convert: no portal wrote it.
        return ""


def _fault_of(ref: FileEntry, files: Mapping[str, bytes]) -> str:
    if ref.file not in files:
        return f"{_short(ref.file)} is missing."
    digest = f"sha256:{hashlib.sha256(files[ref.file]).hexdigest()}"
    return "" if digest == ref.sha256 else f"{_short(ref.file)} {CHANGED}"


def _carried(entry: PolicyEntry, files: Mapping[str, bytes]) -> Carried:
    if entry.cedar is None and entry.rules is None:
        _refuse(f"{_short(entry.name)} has neither Cedar nor rules.")
    return Carried(
        path=entry.path,
        name=_cleaned(entry, "name"),
        description=_cleaned(entry, "description", limit=TEXT_LENGTH, required=False),
        severity=entry.severity,
        mode=entry.mode,
        merge_strategy=entry.merge_strategy,
        is_in_force=entry.state == "in_force",
        cedar=_text(entry.cedar, files),
        rules=_rules(entry.rules, files),
        tests=tuple(_test(entry, test) for test in entry.tests),
    )


def _test(entry: PolicyEntry, test: TestEntry) -> CarriedTest:
    question = _question(entry, test)
    return CarriedTest(name=_cleaned(test, "name"), question=question, expected=test.expected)


def _cleaned(entry: PolicyEntry | TestEntry, field: str, **limits: Any) -> str:
    try:
        return clean_text(getattr(entry, field), field=field, **limits)
    except Invalid as error:
        _refuse(*(f"{_short(entry.name)}, {field}: {text}" for text in error.fields[field]))


def _text(ref: FileEntry | None, files: Mapping[str, bytes]) -> str:
    if ref is None:
        return ""
    try:
        text = files[ref.file].decode()
    except UnicodeDecodeError:
        _refuse(f"{_short(ref.file)} is not text in UTF-8.")
    if CONTROL.search(text):
        _refuse(f"{_short(ref.file)} holds control characters.")
    return text


def _rules(ref: FileEntry | None, files: Mapping[str, bytes]) -> list[dict[str, Any]]:
    if ref is None:
        return []
    try:
        return dump_rules(parse_text(_text(ref, files)))
    except Invalid as error:
        texts = error.fields.get("rules", error.fields.get("bundle", [error.detail]))
        _refuse(*(f"{_short(ref.file)}: {text}" for text in texts))


def _question(entry: PolicyEntry, test: TestEntry) -> dict[str, Any]:
    question = test.question
    try:
        text = json.dumps(question, allow_nan=False)
    except ValueError:
        text = "\\u0000"
    if "\\u0000" in text:
        _refuse(f"{_short(entry.name)}, test {_short(test.name)}: it holds what cannot be kept.")
    return question


def _require_once(policies: list[Carried]) -> None:
    counts = Counter((one.path, one.name) for one in policies)
    twice = {one.title for one in policies if counts[one.path, one.name] > 1}
    for one in policies:
        names = Counter(test.name for test in one.tests)
        twice |= {f"{one.title}, test {name}" for name, count in names.items() if count > 1}
    if twice:
        _refuse(*(f"{_short(title)} is in it twice." for title in sorted(twice)))


def _short(name: str) -> str:
    return name if len(name) <= SHOWN else f"{name[:SHOWN]}…"
