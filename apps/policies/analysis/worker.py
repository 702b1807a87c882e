"""A process of its own that runs the solvers, one question a line, so that none can hang us."""

import json
import os
import resource
import signal
import sys
from typing import Any

import cvc5  # type: ignore[import-untyped]
import z3  # type: ignore[import-untyped]

MEMORY = 2 * 2**30
IDLE_SECONDS = 300
SPARE_SECONDS = 5


def ask_cvc5(script: str, values: str, timeout_ms: int) -> tuple[str, str]:
    """Return cvc5's status and, if a world exists, the values asked for."""
    solver = cvc5.Solver(cvc5.TermManager())
    for option, value in (("tlimit-per", timeout_ms), ("produce-models", "true")):
        solver.setOption(option, str(value))
    parser = cvc5.InputParser(solver)
    solver.setLogic("ALL")
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, f"{script}\n(check-sat)\n{values}", "q")
    symbols, said = parser.getSymbolManager(), []
    while not (command := parser.nextCommand()).isNull():
        if output := command.invoke(solver, symbols):
            said.append(output.strip())
            if output.strip() != "sat":
                break
    return _answer(said)


def ask_z3(script: str, values: str, timeout_ms: int) -> tuple[str, str]:
    """Return z3's status and, if a world exists, the values asked for."""
    config = z3.Z3_mk_config()
    context = z3.Z3_mk_context(config)
    z3.Z3_del_config(config)
    try:
        limit = f"(set-option :timeout {timeout_ms})\n"
        said = [z3.Z3_eval_smtlib2_string(context, f"{limit}{script}\n(check-sat)").strip()]
        if said == ["sat"] and values:
            said.append(z3.Z3_eval_smtlib2_string(context, values).strip())
    finally:
        z3.Z3_del_context(context)
    return _answer(said)


def _answer(said: list[str]) -> tuple[str, str]:
    status = said[0] if said else ""
    if status in ("sat", "unsat"):
        return status, "\n".join(said[1:])
    return "unknown", status[:400]


def answer(question: dict[str, Any]) -> dict[str, str]:
    """Return the reply to one question; what goes wrong in a solver is told as unknown."""
    ask = {"cvc5": ask_cvc5, "z3": ask_z3}[question["solver"]]
    try:
        status, text = ask(question["script"], question["values"], question["timeout_ms"])
    except (RuntimeError, MemoryError, z3.Z3Exception) as error:
        status, text = "unknown", str(error)[:400]
    return {"status": status, "text": text}


def main() -> None:
    """Answer each line of the input until it ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # The solvers print of their own accord: only the replies go to who asked.
    replies = os.fdopen(os.dup(1), "w")
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    # Whoever asked kills a worker that overstays. Should they be gone too, the alarm does: it
    # ends the process also in native code, and one that nobody has asked for a while.
    signal.alarm(IDLE_SECONDS)
    for line in sys.stdin:
        question = json.loads(line)
        signal.alarm(question["timeout_ms"] // 1000 + SPARE_SECONDS)
        replies.write(json.dumps(answer(question)) + "\n")
        replies.flush()
        signal.alarm(IDLE_SECONDS)


if __name__ == "__main__":
    main()
