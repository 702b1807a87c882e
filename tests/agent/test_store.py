"""Whatever happens to a write or a file, the newest sound revision is what comes back."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from aeterna_cedar_agent.revision import read_revision
from aeterna_cedar_agent.store import CURRENT, PREVIOUS, Identity, Store, Stored, StoreError

from .conftest import SOURCES
from .samples import snapshot

IDENTITY = Identity(tenant="t-1", agent="a-1", name="build-farm")

# Dies by SIGKILL at the given call of one of the functions a save is made of.
DYING_SAVE = """
import os, signal, sys
from pathlib import Path
from aeterna_cedar_agent.revision import read_revision
from aeterna_cedar_agent.store import Identity, Store, Stored
sys.path.insert(0, {tests!r})
from tests.agent.samples import snapshot
function, call = sys.argv[1], int(sys.argv[2])
real, calls = getattr(os, function), []
def dying(*args):
    calls.append(args)
    if len(calls) == call:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args)
setattr(os, function, dying)
store = Store(directory=Path(sys.argv[3]))
store.open()
store.save(Stored(identity=Identity(tenant="t-1", agent="a-1", name="n"),
                  revision=read_revision(snapshot(2))))
"""


def stored(number: int) -> Stored:
    return Stored(identity=IDENTITY, revision=read_revision(snapshot(number)))


def numbers(directory: Path) -> list[int]:
    return [item.revision.number for item in Store(directory=directory).candidates()]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(directory=tmp_path / "state")
    store.open()
    store.close()
    return store


def test_a_saved_revision_comes_back_equal_with_its_identity(store: Store) -> None:
    store.save(stored(1))
    assert list(store.candidates()) == [stored(1)]


def test_an_empty_directory_has_no_candidates(store: Store) -> None:
    assert list(store.candidates()) == []


def test_the_revision_before_is_kept_and_the_one_before_that_is_not(store: Store) -> None:
    for number in (1, 2, 3):
        store.save(stored(number))
    assert numbers(store.directory) == [3, 2]


def test_directory_and_files_are_for_their_owner_only(store: Store) -> None:
    store.save(stored(1))
    assert stat.S_IMODE(store.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((store.directory / CURRENT).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("function", "call", "expected"),
    [
        ("fsync", 1, [1]),  # content written, not yet durable
        ("replace", 1, [1]),  # before the current one is set aside
        ("replace", 2, [1]),  # the current one set aside, the new one not yet in place
        ("fsync", 2, [2, 1]),  # in place, directory not yet durable
    ],
)
def test_a_kill_at_any_step_of_a_save_leaves_a_sound_revision(
    store: Store, function: str, call: int, expected: list[int]
) -> None:
    store.save(stored(1))
    root = str(Path(__file__).resolve().parents[2])
    script = DYING_SAVE.format(tests=root)
    command = [sys.executable, "-c", script, function, str(call), str(store.directory)]
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    ended = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert numbers(store.directory) == expected
    store.save(stored(3))
    assert numbers(store.directory)[0] == 3


@pytest.mark.parametrize("damage", ["truncated", "emptied", "flipped", "deleted", "number"])
def test_a_damaged_current_file_falls_back_to_the_one_before(
    store: Store, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    store.save(stored(1))
    store.save(stored(2))
    injure(store.directory / CURRENT, damage)
    assert numbers(store.directory) == [1]
    said = [record.message for record in caplog.records]
    assert said == ([] if damage == "deleted" else ["stored revision unusable"])


def test_a_damaged_current_file_never_replaces_a_sound_one_before(store: Store) -> None:
    store.save(stored(1))
    store.save(stored(2))
    injure(store.directory / CURRENT, "flipped")
    store.save(stored(3))
    assert numbers(store.directory) == [3, 1]


def test_two_damaged_files_leave_no_candidate_and_each_is_logged(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.save(stored(1))
    store.save(stored(2))
    injure(store.directory / CURRENT, "truncated")
    injure(store.directory / PREVIOUS, "flipped")
    assert numbers(store.directory) == []
    assert [record.file for record in caplog.records] == [
        str(store.directory / CURRENT),
        str(store.directory / PREVIOUS),
    ]


def test_a_file_of_an_unknown_format_is_not_guessed_at(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.save(stored(1))
    rewrite(store.directory / CURRENT, format=99)
    assert numbers(store.directory) == []
    assert caplog.records[0].error == "format 99 is not 2"


def test_content_that_was_changed_with_a_matching_file_digest_is_still_found_out(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.save(stored(1))
    rewrite(store.directory / CURRENT, schema="entity Other;")
    assert numbers(store.directory) == []
    assert caplog.records[0].error == "content does not match the revision's digest"


def test_a_failed_write_says_so_and_keeps_what_was_there(store: Store) -> None:
    store.save(stored(1))
    (store.directory / "incoming.tmp").mkdir()
    with pytest.raises(StoreError, match="Is a directory"):
        store.save(stored(2))
    assert numbers(store.directory) == [1]


def test_a_second_agent_cannot_open_the_same_directory(store: Store) -> None:
    store.open()
    second = Store(directory=store.directory)
    with pytest.raises(StoreError, match="another agent is using"):
        second.open()
    store.close()
    second.open()
    second.close()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=f"state directory {tmp_path}/file/state: Not a directory"):
        Store(directory=tmp_path / "file" / "state").open()


def injure(path: Path, damage: str) -> None:
    content = path.read_bytes()
    if damage == "deleted":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "emptied":
        path.write_bytes(b"")
    elif damage == "number":
        path.write_bytes(content.replace(b'"revision":2', b'"revision":9'))
    else:
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])


def rewrite(path: Path, **members: object) -> None:
    from aeterna_cedar_agent.digest import digest_bytes

    value = {**json.loads(path.read_bytes().partition(b"\n")[2]), **members}
    payload = json.dumps(value).encode()
    path.write_bytes(digest_bytes(payload).encode() + b"\n" + payload)
