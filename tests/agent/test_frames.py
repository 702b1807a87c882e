"""Frames are what the published schemas say, written and read."""

import json
from pathlib import Path
from typing import Any

import pytest
from aeterna_cedar_agent import frames
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from .samples import NOBODY_MAY, delta, snapshot
from .signing import AGENT, FIRST, SECOND, TENANT, keys_frame

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs" / "agent-protocol"
DIGEST = "sha256:" + "0a" * 32

INBOUND: dict[str, dict[str, Any]] = {
    "recorded": {"type": "recorded", "log": "0" * 32, "sequence": 3},
    "welcome": {
        "type": "welcome",
        "tenant": TENANT,
        "agent": AGENT,
        "name": "build-farm",
        "heartbeat_seconds": 5,
    },
    "keys": keys_frame(FIRST, SECOND),
    "up_to_date": {"type": "up_to_date", "revision": 3, "digest": DIGEST},
    "portal-heartbeat": {"type": "heartbeat", "revision": 3, "digest": DIGEST},
    "delta": delta(snapshot(1), snapshot(2, policies=NOBODY_MAY)),
    "error": {"type": "error", "code": "revoked", "detail": "token was revoked"},
}


def document(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((DOCUMENTS / f"{name}.schema.json").read_text())
    return value


def is_valid(name: str, frame: object) -> bool:
    return Draft202012Validator(document(name)).is_valid(frame)


def is_readable(frame: object) -> bool:
    try:
        frames.read_frame(json.dumps(frame))
    except frames.FrameError:
        return False
    return True


def inbound(name: str) -> dict[str, Any]:
    return snapshot() if name == "snapshot" else INBOUND[name]


def test_there_is_one_schema_for_each_frame_and_each_is_a_schema() -> None:
    names = sorted(path.name.removesuffix(".schema.json") for path in DOCUMENTS.iterdir())
    assert names == sorted(
        [
            *INBOUND,
            "snapshot",
            "hello",
            "ack",
            "nack",
            "agent-heartbeat",
            "decisions",
            "resync",
            "manifest",
        ],
    )
    for name in names:
        Draft202012Validator.check_schema(document(name))


def test_every_schema_is_named_in_the_specification() -> None:
    text = DOCUMENTS.with_suffix(".md").read_text()
    for path in DOCUMENTS.iterdir():
        assert f"agent-protocol/{path.name}" in text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "hello",
            frames.hello(agent_version="0.1.0", cedar_version="4.12.2", revision=0, digest=None),
        ),
        (
            "hello",
            frames.hello(agent_version="0.1.0", cedar_version="4.12.2", revision=7, digest=DIGEST),
        ),
        ("resync", frames.resync()),
        ("ack", frames.ack(revision=7, digest=DIGEST, applied_ms=12.3456)),
        (
            "nack",
            frames.nack(
                revision=7,
                digest="junk" * 500,
                stage="parse",
                policy="p" * 9_999,
                error="e\0" * 9_999,
            ),
        ),
        (
            "nack",
            frames.nack(revision=0, digest=DIGEST, stage="persist", policy=None, error="\ud800"),
        ),
        ("agent-heartbeat", frames.heartbeat(revision=7, digest=DIGEST, nonce="n")),
        ("agent-heartbeat", frames.heartbeat(revision=0, digest=None, nonce="n")),
    ],
)
def test_frames_the_agent_writes_are_valid(name: str, text: str) -> None:
    Draft202012Validator(document(name)).validate(json.loads(text))
    assert len(text.encode()) < 64 * 1024


@given(
    digest=st.text(),
    policy=st.none() | st.text(),
    error=st.text(min_size=1),
    revision=st.integers(0),
)
def test_a_nack_of_anything_is_valid(
    digest: str, policy: str | None, error: str, revision: int
) -> None:
    number = revision % 2**63
    text = frames.nack(revision=number, digest=digest, stage="verify", policy=policy, error=error)
    assert is_valid("nack", json.loads(text))


@pytest.mark.parametrize("name", [*INBOUND, "snapshot"])
def test_frames_of_the_portal_are_valid_and_readable(name: str) -> None:
    Draft202012Validator(document(name)).validate(inbound(name))
    frames.read_frame(json.dumps(inbound(name)))


@pytest.mark.parametrize(
    ("name", "field"),
    [(name, field) for name in [*INBOUND, "snapshot"] for field in sorted(inbound(name))],
)
def test_schema_and_reader_refuse_the_same_missing_and_mistyped_fields(
    name: str, field: str
) -> None:
    frame = inbound(name)
    without = {key: value for key, value in frame.items() if key != field}
    assert (is_valid(name, without), is_readable(without)) == (False, False)
    for wrong in (True, [[]], {"a": 1}, -1):
        mistyped = {**frame, field: wrong}
        assert (is_valid(name, mistyped), is_readable(mistyped)) == (False, False), wrong


@pytest.mark.parametrize("name", ["up_to_date", "portal-heartbeat"])
def test_a_digest_may_be_null_only_where_nothing_is_published(name: str) -> None:
    nothing = {**INBOUND[name], "revision": 0, "digest": None}
    something = {**INBOUND[name], "revision": 1, "digest": None}
    assert (is_valid(name, nothing), is_readable(nothing)) == (True, True)
    assert (is_valid(name, something), is_readable(something)) == (False, False)


@pytest.mark.parametrize("name", [*INBOUND, "snapshot"])
def test_fields_of_later_versions_are_ignored(name: str) -> None:
    frame = {**inbound(name), "not_after": "2030-01-01"}
    assert (is_valid(name, frame), is_readable(frame)) == (True, True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "malformed frame: "),
        ("{", "malformed frame: "),
        ("[]", "malformed frame: frame: must be an object, not a list"),
        ("{}", "malformed frame: type: is missing"),
        ('{"type": 1}', "malformed frame: type: must be a string, not a number"),
        ('{"type": "gossip"}', "unknown frame type 'gossip'"),
        ("[" * 100_000, "malformed frame: "),
        (
            '{"type": "heartbeat", "revision": 1.0, "digest": "x"}',
            "malformed heartbeat frame: revision: must be a whole number, not a number",
        ),
        (
            '{"type": "heartbeat", "revision": 9223372036854775808, "digest": "x"}',
            "malformed heartbeat frame: revision: must be from 0 to 2^63 - 1",
        ),
    ],
)
def test_a_malformed_frame_is_refused_with_its_reason(text: str, message: str) -> None:
    with pytest.raises(frames.FrameError) as caught:
        frames.read_frame(text)
    assert str(caught.value).startswith(message)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=8,
    ),
    st.sampled_from([*INBOUND, "snapshot"]),
    st.data(),
)
def test_no_frame_makes_the_reader_fail(value: object, name: str, data: st.DataObject) -> None:
    frame = {**inbound(name)}
    frame[data.draw(st.sampled_from(sorted(frame)))] = value
    is_readable(frame)
    is_readable(value)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"policies": [{"id": "a"}]}, "policies[0].version: is missing"),
        ({"policies": [7]}, "policies[0]: must be an object, not a number"),
        ({"entities": [{"uid": "x"}]}, "entities[0].uid: must be an object, not a string"),
        ({"entities": [{"uid": {}}]}, "entities[0].uid.type: must be a string, not null"),
        ({"schema": None}, "schema: must be a string, not null"),
    ],
)
def test_a_malformed_snapshot_can_still_be_answered(change: dict[str, Any], problem: str) -> None:
    frame = {**snapshot(4), **change}
    with pytest.raises(frames.UnreadableSnapshotError) as caught:
        frames.read_frame(json.dumps(frame))
    assert str(caught.value) == f"malformed snapshot frame: {problem}"
    assert (caught.value.revision, caught.value.digest) == (4, frame["digest"])


@pytest.mark.parametrize("change", [{"revision": "4"}, {"revision": -1}, {"revision": 2**63}])
def test_a_snapshot_without_a_usable_revision_cannot_be_answered(change: dict[str, Any]) -> None:
    with pytest.raises(frames.FrameError) as caught:
        frames.read_frame(json.dumps({**snapshot(), **change}))
    assert not isinstance(caught.value, frames.UnreadableSnapshotError)


def test_a_heartbeat_interval_is_at_most_an_hour() -> None:
    frame = frames.read_frame(json.dumps({**INBOUND["welcome"], "heartbeat_seconds": 10**9}))
    assert isinstance(frame, frames.Welcome)
    assert frame.heartbeat_seconds == 3_600
