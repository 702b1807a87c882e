"""Writing a bundle: the same policies give the same bytes, wherever and whenever."""

import io
import zipfile
from collections.abc import Iterable
from typing import Any

from django.utils.text import slugify

from ..digest import sha256
from ..rules import rules_text
from .manifest import digest_of, manifest_text
from .types import FORMAT, MANIFEST, VERSION, Carried, PolicyBundle

# The earliest time that the format knows: when it was written says nothing about what it holds.
LONG_AGO = (1980, 1, 1, 0, 0, 0)
UNIX = 3
READABLE = 0o100644 << 16
STEM_LENGTH = 40


def write_bundle(policies: Iterable[Carried]) -> PolicyBundle:
    """Return the bundle of `policies`; its content is a zip file without compression."""
    ordered = sorted(policies, key=lambda one: (one.path, one.name))
    files: dict[str, str] = {}
    entries = [_entry(one, files) for one in ordered]
    manifest: dict[str, Any] = {"format": FORMAT, "version": VERSION, "policies": entries}
    manifest["digest"] = digest_of(manifest)
    texts = [(MANIFEST, manifest_text(manifest)), *sorted(files.items())]
    return PolicyBundle(policies=tuple(ordered), digest=manifest["digest"], content=_zipped(texts))


def _entry(one: Carried, files: dict[str, str]) -> dict[str, Any]:
    stem = _stem(one)
    return {
        "path": one.path,
        "name": one.name,
        "description": one.description,
        "severity": str(one.severity),
        "mode": str(one.mode),
        "merge_strategy": str(one.merge_strategy),
        "state": "in_force" if one.is_in_force else "draft",
        "cedar": _add(files, f"{stem}.cedar", one.cedar),
        "rules": _add(files, f"{stem}.rules.json", rules_text(one.rules)),
        "tests": [
            {"name": test.name, "question": dict(test.question), "expected": test.expected}
            for test in sorted(one.tests, key=lambda test: test.name)
        ],
    }


def _add(files: dict[str, str], name: str, text: str) -> dict[str, str] | None:
    if not text:
        return None
    files[name] = text
    return {"file": name, "sha256": sha256(text)}


def _stem(one: Carried) -> str:
    # Names are any text: what is readable of one, and what tells it from all others.
    readable = slugify(one.name)[:STEM_LENGTH].strip("-_") or "policy"
    unique = sha256(one.name).removeprefix("sha256:")[:8]
    return "/".join(filter(None, (one.path, f"{readable}-{unique}")))


def _zipped(texts: Iterable[tuple[str, str]]) -> bytes:
    out = io.BytesIO()
    # Not compressed: two versions of a compressor may write the same text differently.
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, text in texts:
            info = zipfile.ZipInfo(name, date_time=LONG_AGO)
            info.create_system, info.external_attr = UNIX, READABLE
            archive.writestr(info, text.encode())
    return out.getvalue()


def file_name(bundle: PolicyBundle, *, slug: str) -> str:
    """Return what to call the file: after the scope `slug`, and the start of the digest."""
    return f"{slug}-policies-{bundle.digest.removeprefix('sha256:')[:8]}.zip"
