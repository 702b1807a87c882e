"""A child's log is whole, bounded, and remembers the end."""

from pathlib import Path

import pytest

from aeterna_portal.local import childlog
from aeterna_portal.local.childlog import ChildLog


def test_lines_split_over_chunks_come_whole(tmp_path: Path) -> None:
    log = ChildLog(tmp_path / "logs" / "web.log")
    assert log.write(b"one\ntw") == [b"one"]
    assert log.write(b"o\n") == [b"two"]
    assert log.path.read_bytes() == b"one\ntwo\n"


def test_last_lines_hold_the_newest_even_unfinished(tmp_path: Path) -> None:
    log = ChildLog(tmp_path / "web.log")
    log.write(b"".join(b"line %d\n\n" % number for number in range(20)) + b"unfini")
    assert log.last_lines().splitlines() == [
        *(f"  line {number}" for number in range(12, 20)),
        "  unfini",
    ]


def test_large_log_gives_way_to_a_fresh_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(childlog, "LIMIT_BYTES", 10)
    log = ChildLog(tmp_path / "web.log")
    log.write(b"twelve bytes")
    log.write(b"fresh\n")
    assert log.path.read_bytes() == b"fresh\n"
    assert (tmp_path / "web.log.1").read_bytes() == b"twelve bytes"


def test_endless_line_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(childlog, "LONGEST_LINE_BYTES", 4)
    log = ChildLog(tmp_path / "web.log")
    log.write(b"a" * 100)
    assert log.write(b"b\n") == [b"aaaab"]
    assert log.path.read_bytes() == b"a" * 100 + b"b\n"
