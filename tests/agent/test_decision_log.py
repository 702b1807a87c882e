"""The decision log of a real agent: told, told again, masked, sampled, capped and never lost."""

from pathlib import Path

from aeterna_cedar_agent.masking import masked
from aeterna_cedar_agent.spool import SEGMENT_BYTES, Spool
from jsonschema import Draft202012Validator

from .agent_process import MakeAgent, synced
from .portal_double import Portal
from .samples import question
from .test_frames import document

ALL = {"sample_percent": 100, "masked": []}


def spool(tmp_path: Path, *, max_bytes: int = 10_000) -> Spool:
    opened = Spool(directory=tmp_path / "log", max_bytes=max_bytes)
    opened.open()
    return opened


def numbers(held: Spool, *, limit: int = 100) -> list[int]:
    batch = held.read(max_bytes=48_000, max_entries=limit)
    return [one["sequence"] for one in batch.entries] if batch else []


def take(held: Spool, *, limit: int = 100) -> tuple[str, list[int]]:
    batch = held.read(max_bytes=48_000, max_entries=limit)
    assert batch is not None
    held.acknowledge(batch)
    return batch.log, [one["sequence"] for one in batch.entries]


def test_entries_come_in_order_until_acknowledged(tmp_path: Path) -> None:
    held = spool(tmp_path)
    held.append([{"n": n} for n in range(3)])
    assert numbers(held, limit=2) == [1, 2]
    assert take(held, limit=2)[1] == [1, 2]
    assert take(held)[1] == [3]
    assert numbers(held) == []


def test_a_new_process_sends_what_the_old_one_left_first(tmp_path: Path) -> None:
    first = spool(tmp_path)
    first.append([{}, {}])
    old, _ = take(first, limit=1)
    second = spool(tmp_path)
    second.append([{}])
    assert take(second) == (old, [2])
    new, sequences = take(second)
    assert (new != old, sequences) == (True, [1])


def test_a_torn_last_line_is_left_out_and_the_rest_sent(tmp_path: Path) -> None:
    first = spool(tmp_path)
    first.append([{}, {}])
    [segment] = (tmp_path / "log").glob("*.jsonl")
    segment.write_bytes(segment.read_bytes()[:-3])
    second = spool(tmp_path)
    assert take(second)[1] == [1]
    assert numbers(second) == []
    assert not segment.exists()


def test_what_finds_no_room_is_counted_and_the_count_survives(tmp_path: Path) -> None:
    held = spool(tmp_path, max_bytes=50)
    held.append([{}] * 10, lost=5)
    kept = len(numbers(held))
    assert 0 < kept < 10
    assert held.dropped == 10 - kept + 5
    assert spool(tmp_path).dropped == held.dropped


def test_room_comes_back_once_a_segment_is_acknowledged(tmp_path: Path) -> None:
    held = spool(tmp_path, max_bytes=SEGMENT_BYTES + 200)
    held.append([{"text": "x" * SEGMENT_BYTES}])
    held.append([{"text": "x" * 400}])
    assert held.dropped == 1
    batch = held.read(max_bytes=2 * SEGMENT_BYTES, max_entries=1)
    assert batch is not None
    held.acknowledge(batch)
    assert numbers(held) == []
    held.append([{}])
    assert (numbers(held), held.dropped) == ([2], 1)


def test_named_members_and_secrets_are_masked_at_any_depth() -> None:
    entry = {
        "principal": 'User::"ann"',
        "context": {"Card": "4111111111111111", "in": [{"api_token": "short"}], "mfa": True},
        "entities": [{"attrs": {"card": {"number": 1234567890}}}],
    }
    assert masked(entry, names=frozenset({"card"})) == {
        "principal": 'User::"ann"',
        "context": {
            "Card": "[REDACTED:…1111]",
            "in": [{"api_token": "[REDACTED:…]"}],
            "mfa": True,
        },
        "entities": [{"attrs": {"card": "[REDACTED:…890}]"}}],
    }


def test_a_decision_is_told_as_the_schema_says(portal: Portal, make_agent: MakeAgent) -> None:
    portal.decision_log = ALL
    agent = synced(portal, make_agent)
    agent.ask("POST", "/v1/is_authorized", question())
    frame = portal.wait_for_frame("decisions")
    Draft202012Validator(document("decisions")).validate(frame)
    [entry] = frame["entries"]
    told = (entry["sequence"], entry["revision"], entry["decision"], entry["reason"])
    assert told == (1, 1, "Allow", ["owner"])
    assert entry["staleness"] == "fresh"


def test_a_portal_without_a_log_is_told_nothing(portal: Portal, make_agent: MakeAgent) -> None:
    portal.heartbeat_seconds = 1
    agent = synced(portal, make_agent)
    agent.ask("POST", "/v1/is_authorized", question())
    portal.wait_for_frames("heartbeat", 2)
    assert portal.of_type("decisions") == []


def test_what_was_not_acknowledged_is_told_again_after_a_cut(
    portal: Portal, make_agent: MakeAgent
) -> None:
    portal.decision_log, portal.is_recording = ALL, False
    agent = synced(portal, make_agent)
    agent.ask("POST", "/v1/is_authorized", question())
    first = portal.wait_for_frame("decisions")
    portal.is_recording = True
    portal.cut()
    second = portal.wait_for_frames("decisions", 2)[1]
    assert second["log"] == first["log"]
    assert second["entries"] == first["entries"]


def test_a_killed_agent_tells_what_it_wrote_when_it_is_back(
    portal: Portal, make_agent: MakeAgent
) -> None:
    portal.decision_log, portal.is_recording = ALL, False
    agent = synced(portal, make_agent)
    agent.ask("POST", "/v1/is_authorized", question())
    first = portal.wait_for_frame("decisions")
    agent.kill()
    portal.is_recording = True
    make_agent(portal_url=portal.url)
    second = portal.wait_for_frames("decisions", 2)[1]
    assert (second["log"], second["entries"]) == (first["log"], first["entries"])


def test_masked_members_never_leave_the_machine(portal: Portal, make_agent: MakeAgent) -> None:
    portal.decision_log = {"sample_percent": 100, "masked": ["mfa"]}
    agent = synced(portal, make_agent)
    agent.ask("POST", "/v1/is_authorized", question())
    frame = portal.wait_for_frame("decisions")
    assert frame["entries"][0]["context"] == {"mfa": "[REDACTED:…]"}


def test_nothing_is_logged_at_zero_percent(portal: Portal, make_agent: MakeAgent) -> None:
    portal.decision_log, portal.heartbeat_seconds = {"sample_percent": 0, "masked": []}, 1
    agent = synced(portal, make_agent)
    agent.ask("POST", "/v1/is_authorized", question())
    portal.wait_for_frames("heartbeat", 2)
    assert portal.of_type("decisions") == []
