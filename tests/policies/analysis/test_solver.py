"""Solvers run in processes of their own: none hangs us, none that died stays dead."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time

import pytest

from apps.policies.analysis import solver as solving
from apps.policies.analysis.solver import Pool, Solver, Status, ask

POSSIBLE = "(declare-fun x () Int)\n(assert (< 3 x))\n(assert (< x 5))"
IMPOSSIBLE = "(assert false)"
HARD = """
(declare-fun a () Int)(declare-fun b () Int)(declare-fun c () Int)
(assert (= 42 (+ (* a a a) (* b b b) (* c c c))))
(assert (< 1000 a))(assert (< b (- 1000)))(assert (< 1000 c))
"""


@pytest.fixture(autouse=True)
def _no_idle_process():
    solving.close()
    yield
    solving.close()


def _pool():
    return solving._pools[os.getpid()]


@pytest.mark.parametrize("solver", list(Solver))
def test_a_solver_says_whether_there_is_a_world_and_its_values(solver):
    found = ask(POSSIBLE, "(get-value (x))", solver=solver, timeout_ms=2000)
    assert (found.status, found.text) == (Status.SAT, "((x 4))")
    assert ask(IMPOSSIBLE, "", solver=solver, timeout_ms=2000).status is Status.UNSAT


@pytest.mark.parametrize("solver", list(Solver))
def test_a_hard_question_ends_with_its_time(solver):
    started = time.monotonic()
    found = ask(HARD, "(get-value (a))", solver=solver, timeout_ms=300)
    assert found.status is Status.UNKNOWN
    assert time.monotonic() - started < solving.START_SECONDS + 10


@pytest.mark.parametrize("solver", list(Solver))
def test_what_no_solver_can_read_is_unknown(solver):
    found = ask("(assert (= nothing 1))", "", solver=solver, timeout_ms=2000)
    assert found.status is Status.UNKNOWN
    assert found.text


def test_a_process_that_stands_still_is_ended_and_the_next_question_answered():
    assert ask(IMPOSSIBLE, "", solver=Solver.CVC5, timeout_ms=2000).status is Status.UNSAT
    frozen = _pool().idle[0].process
    os.kill(frozen.pid, signal.SIGSTOP)
    found = ask(POSSIBLE, "(get-value (x))", solver=Solver.CVC5, timeout_ms=100)
    assert (found.status, found.text) == (
        Status.UNKNOWN,
        "the solver did not answer in time, or died",
    )
    assert frozen.poll() == -signal.SIGKILL
    assert ask(IMPOSSIBLE, "", solver=Solver.CVC5, timeout_ms=2000).status is Status.UNSAT


def test_a_process_that_died_is_replaced():
    assert ask(IMPOSSIBLE, "", solver=Solver.Z3, timeout_ms=2000).status is Status.UNSAT
    dead = _pool().idle[0].process
    dead.kill()
    dead.wait()
    assert ask(POSSIBLE, "(get-value (x))", solver=Solver.Z3, timeout_ms=2000).text == "((x 4))"


def test_a_process_ends_when_who_started_it_is_gone():
    """Its input ends with them, also where they had no time to end it."""
    code = (
        "import os, signal\n"
        "from apps.policies.analysis import solver\n"
        "solver.ask('(assert false)', '', solver=solver.Solver.CVC5, timeout_ms=2000)\n"
        "pool = solver._pools[os.getpid()]\n"
        "print(pool.idle[0].process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        pid = int(parent.stdout.readline())
        handle = os.pidfd_open(pid)
        assert select.select([handle], [], [], 20)[0] == [handle]
        os.close(handle)
    assert parent.returncode == -signal.SIGKILL


def test_a_question_that_nobody_waits_for_is_ended_by_its_alarm():
    question = {"solver": "cvc5", "script": IMPOSSIBLE, "values": "", "timeout_ms": 100}
    worker = subprocess.Popen(
        [sys.executable, "-I", str(solving.WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with worker:
        worker.stdin.write(json.dumps(question).encode() + b"\n")
        worker.stdin.flush()
        assert json.loads(worker.stdout.readline()) == {"status": "unsat", "text": ""}
        os.kill(worker.pid, signal.SIGALRM)
        assert worker.wait(20) == -signal.SIGALRM


def test_many_threads_share_at_most_as_many_processes_as_allowed():
    pool, held, most = Pool(2), [], []
    lock = threading.Lock()

    def work():
        with pool.process() as process:
            with lock:
                held.append(process)
                most.append(len(held))
            question = {"solver": "cvc5", "script": IMPOSSIBLE, "values": "", "timeout_ms": 2000}
            assert process.ask(question, 5).status is Status.UNSAT
            with lock:
                held.remove(process)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) <= 2
    assert 1 <= len(pool.idle) <= 2
    pool.close()
    assert pool.idle == []


def test_a_forked_child_uses_processes_of_its_own():
    assert ask(IMPOSSIBLE, "", solver=Solver.CVC5, timeout_ms=2000).status is Status.UNSAT
    mine = _pool().idle[0].process.pid
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        status = ask(IMPOSSIBLE, "", solver=Solver.CVC5, timeout_ms=2000).status
        other = _pool().idle[0].process.pid
        _pool().close()
        os.write(writes, f"{status} {other != mine}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reads, 100) == b"unsat True"
    os.close(reads)
    os.close(writes)
    assert ask(IMPOSSIBLE, "", solver=Solver.CVC5, timeout_ms=2000).status is Status.UNSAT
    assert _pool().idle[0].process.pid == mine


def test_a_worker_is_told_none_of_our_environment(monkeypatch):
    monkeypatch.setenv("A_SECRET", "hidden")
    assert ask(IMPOSSIBLE, "", solver=Solver.CVC5, timeout_ms=2000).status is Status.UNSAT
    pid = _pool().idle[0].process.pid
    with open(f"/proc/{pid}/environ", "rb") as file:
        assert b"A_SECRET" not in file.read()
