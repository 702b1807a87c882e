"""A bundle of policies: the same policies are the same bytes, and nothing else is believed."""

import hashlib
import io
import json
import zipfile
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from apps.kernel.errors import Invalid
from apps.policies.bundles import MAX_BUNDLE_BYTES, Carried, CarriedTest, read_bundle, write_bundle
from apps.policies.bundles.manifest import digest_of
from tests.factories.policy import FORBID, PERMIT

RULES = [
    {
        "ecosystem": "npm",
        "effect": "forbid",
        "id": "lodash",
        "name": "lodash",
        "target": "dependency",
        "versions": "<4.17.21",
    }
]
QUESTION = {
    "principal": "viewer@acme.example",
    "action": "deploy",
    "resource_type": "Scope",
    "resource_id": "acme",
}


def carried(name: str = "baseline", **changes: Any) -> Carried:
    values: dict[str, Any] = {
        "path": "",
        "description": "What holds everywhere.",
        "severity": "warn",
        "mode": "optional",
        "merge_strategy": "merge",
        "is_in_force": True,
        "cedar": PERMIT,
        "rules": [],
    }
    return Carried(name=name, **{**values, **changes})


def unzip(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def rezip(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def remade(change: Any, *policies: Carried) -> bytes:
    """Return a bundle whose manifest was changed by somebody who knows how to digest it."""
    files = unzip(write_bundle(policies or [carried()]).content)
    manifest = json.loads(files["manifest.json"])
    change(manifest)
    manifest["digest"] = digest_of(manifest)
    return rezip({**files, "manifest.json": json.dumps(manifest).encode()})


def faults(content: bytes) -> list[str]:
    with pytest.raises(Invalid) as error:
        read_bundle(content)
    assert set(error.value.fields) == {"bundle"}
    return error.value.fields["bundle"]


def cedar_file(content: bytes) -> str:
    return next(name for name in unzip(content) if name.endswith(".cedar"))


def test_the_files_are_named_by_path_and_policy_and_the_manifest_comes_first() -> None:
    bundle = write_bundle([carried("No Secrets!", path="platform/api", rules=RULES)])
    assert list(unzip(bundle.content)) == [
        "manifest.json",
        "platform/api/no-secrets-be204f83.cedar",
        "platform/api/no-secrets-be204f83.rules.json",
    ]
    manifest = json.loads(unzip(bundle.content)["manifest.json"])
    assert (manifest["format"], manifest["version"]) == ("aeterna-policy-bundle", 1)
    assert manifest["digest"] == bundle.digest == digest_of(manifest)


def test_order_and_time_have_no_part_in_the_bytes() -> None:
    one, two = carried("one"), carried("two", cedar=FORBID)
    assert write_bundle([one, two]).content == write_bundle([two, one]).content
    assert b"1980" not in write_bundle([one]).content
    assert write_bundle([one]).digest != write_bundle([two]).digest


NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)
POLICIES = st.lists(
    st.builds(
        carried,
        name=NAMES.map(str.strip).filter(bool),
        path=st.sampled_from(["", "platform", "platform/api"]),
        severity=st.sampled_from(["info", "warn", "block"]),
        is_in_force=st.booleans(),
        cedar=st.sampled_from([PERMIT, FORBID]),
        rules=st.sampled_from([[], RULES]),
        tests=st.sampled_from([(), (CarriedTest(name="t", question=QUESTION, expected="deny"),)]),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda one: (one.path, one.name),
)


@given(POLICIES)
@limits(max_examples=60, deadline=None)
def test_what_is_written_is_read_again_and_written_the_same(policies: list[Carried]) -> None:
    bundle = write_bundle(policies)
    read = read_bundle(bundle.content)
    assert read.policies == bundle.policies
    assert read.digest == bundle.digest
    assert write_bundle(read.policies).content == bundle.content


def test_what_was_packed_again_by_another_program_is_read_too() -> None:
    bundle = write_bundle([carried()])
    again = rezip(dict(reversed(unzip(bundle.content).items())), zipfile.ZIP_DEFLATED)
    assert read_bundle(again).digest == bundle.digest


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip file", b'{"policies": []}'])
def test_what_is_no_zip_file_is_refused(content: bytes) -> None:
    assert faults(content) == ["This is not a zip file, or it is damaged."]


def test_every_cut_and_every_changed_byte_is_refused_or_changes_nothing() -> None:
    bundle = write_bundle([carried(rules=RULES)])
    for end in range(0, len(bundle.content), 37):
        assert faults(bundle.content[:end])
    for place in range(0, len(bundle.content), 11):
        other = bytearray(bundle.content)
        other[place] ^= 0x20
        with suppress(Invalid):
            assert read_bundle(bytes(other)).policies == bundle.policies


def test_a_changed_text_is_named() -> None:
    files = unzip(write_bundle([carried()]).content)
    name = cedar_file(rezip(files))
    files[name] = FORBID.encode()
    assert faults(rezip(files)) == [f"{name} was changed: its digest is another."]


def test_a_changed_manifest_is_named() -> None:
    files = unzip(write_bundle([carried()]).content)
    files["manifest.json"] = files["manifest.json"].replace(b'"warn"', b'"info"')
    assert faults(rezip(files)) == ["manifest.json was changed: its digest is another."]


def test_what_is_missing_and_what_is_too_much_is_named() -> None:
    files = unzip(write_bundle([carried()]).content)
    name = cedar_file(rezip(files))
    del files[name]
    files["../../etc/passwd"] = b"root"
    assert faults(rezip(files)) == [
        f"{name} is missing.",
        "../../etc/passwd is not named in manifest.json.",
    ]
    assert faults(rezip({"a.cedar": b""})) == ["It has no manifest.json."]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_in_it_twice_is_refused() -> None:
    out = io.BytesIO(write_bundle([carried()]).content)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("manifest.json", "{}")
    assert faults(out.getvalue()) == ["manifest.json is in it twice."]


def test_a_policy_or_a_test_that_is_in_it_twice_is_refused() -> None:
    test = CarriedTest(name="deploys", question=QUESTION, expected="deny")
    doubled = carried(path="platform", tests=(test, test))
    assert faults(write_bundle([doubled]).content) == [
        "platform/baseline, test deploys is in it twice."
    ]

    def repeat(manifest: Any) -> None:
        manifest["policies"] *= 2

    assert faults(remade(repeat))[0].endswith("is named twice.")


def test_a_bomb_is_not_unpacked() -> None:
    files = unzip(write_bundle([carried()]).content)
    bomb = rezip({**files, "zeros": bytes(5_000_000)}, zipfile.ZIP_DEFLATED)
    assert faults(bomb) == ["At most 4000000 bytes once unpacked."]


def test_a_file_that_is_too_large_is_not_opened() -> None:
    content = bytes(MAX_BUNDLE_BYTES + 1)
    assert faults(content) == ["At most 1000000 bytes; these are 1000001."]


def test_too_many_files_or_tests_are_refused() -> None:
    assert faults(rezip({f"{n}": b"" for n in range(402)})) == ["At most 401 files; these are 402."]
    tests = tuple(CarriedTest(name=str(n), question=QUESTION, expected="deny") for n in range(101))
    many = [carried(name, tests=tests) for name in ("one", "two")]
    assert faults(write_bundle(many).content) == ["At most 200 tests."]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"version": 2}, "manifest.json: version 2 is not known here; 1 is."),
        ({"format": "zip"}, "manifest.json: format: Input should be 'aeterna-policy-bundle'."),
        (
            {"policies": []},
            "manifest.json: policies: List should have at least 1 item after validation, not 0.",
        ),
        ({"extra": 1}, "manifest.json: extra: Extra inputs are not permitted."),
    ],
)
def test_a_manifest_of_another_shape_is_refused(change: dict[str, Any], fault: str) -> None:
    assert faults(remade(lambda manifest: manifest.update(change))) == [fault]


@pytest.mark.parametrize(
    ("change", "start"),
    [
        ({"path": "../up"}, "manifest.json: policies[0].path: String should match pattern"),
        ({"severity": "fatal"}, "manifest.json: policies[0].severity: Input should be"),
        ({"mode": None}, "manifest.json: policies[0].mode: Input should be"),
        ({"name": " "}, " , name: This is needed."),
        ({"name": "x" * 121}, f"{'x' * 120}…, name: At most 120 characters; these are 121."),
        ({"description": "bell\x07"}, "baseline, description: Control characters"),
        (
            {"tests": [{"name": "t", "question": {"a": "\x00"}, "expected": "deny"}]},
            "baseline, test t: it holds what cannot be kept.",
        ),
        (
            {"tests": [{"name": "t", "question": {"a": float("nan")}, "expected": "deny"}]},
            "baseline, test t: it holds what cannot be kept.",
        ),
    ],
)
def test_a_policy_of_another_shape_is_named(change: dict[str, Any], start: str) -> None:
    found = faults(remade(lambda manifest: manifest["policies"][0].update(change)))
    assert found[0].startswith(start), found


def test_a_policy_that_says_nothing_is_named() -> None:
    said = faults(write_bundle([carried(cedar="")]).content)
    assert said == ["baseline has neither Cedar nor rules."]


def test_a_number_too_long_to_convert_is_refused() -> None:
    files = unzip(write_bundle([carried()]).content)
    digits = b"9" * 5000
    text = files["manifest.json"].replace(b'"tests": []', b'"tests": [], "n": ' + digits)
    assert faults(rezip({**files, "manifest.json": text}))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"\xff\xfe", "is not text in UTF-8."),
        (b"permit\x00", "holds control characters."),
    ],
)
def test_what_is_not_text_is_named(text: bytes, fault: str) -> None:
    written = write_bundle([replace(carried(), cedar=text.decode("latin-1"))])
    files = unzip(written.content)
    name = cedar_file(written.content)
    files[name] = text

    manifest = json.loads(files["manifest.json"])
    manifest["policies"][0]["cedar"]["sha256"] = f"sha256:{hashlib.sha256(text).hexdigest()}"
    manifest["digest"] = digest_of(manifest)
    files["manifest.json"] = json.dumps(manifest).encode()
    assert faults(rezip(files)) == [f"{name} {fault}"]


def test_a_rule_that_is_none_is_named_by_its_file_and_place() -> None:
    content = write_bundle([carried(rules=[{"id": "x", "target": "moon"}])]).content
    (fault,) = faults(content)
    name = next(name for name in unzip(content) if name.endswith(".rules.json"))
    assert fault.startswith(f"{name}: rules[0].target: choose one of dependency")
