"""Settling one statement: ask a solver, let Cedar confirm its example, else search."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .confirm import Claim, observe
from .model import Model
from .policies import Compiled, Compiler, Policy
from .query import Query, values_of
from .schema import Schema
from .search import find_witness
from .solver import Reply, Solver, Status, ask
from .terms import Term
from .types import (
    EXISTENTIAL,
    Environment,
    Finding,
    Kind,
    Unencodable,
    Verdict,
    Witness,
)
from .verdicts import Verdicts, key_of
from .witness import Unwritable, write_witness

TIMEOUT_MS = 2_000
verdicts = Verdicts()


@dataclass(frozen=True, slots=True)
class Statement:
    """A question: the requests to look for, and how Cedar shows that one is such a request."""

    kind: Kind
    names: tuple[str, ...]
    environment: Environment
    policies: tuple[Policy, ...]
    root: Callable[[Sequence[Compiled]], Term]
    claim: Claim
    # What else Cedar must do on the witness.
    decided: Callable[[Witness], bool] | None = None
    # How many of the policies stand on the first side.
    split: int = 0


class Settler:
    """Settles statements about policies of one schema."""

    def __init__(
        self,
        schema: Schema,
        *,
        solvers: Sequence[Solver] = (Solver.CVC5, Solver.Z3),
        timeout_ms: int = TIMEOUT_MS,
    ) -> None:
        self.schema, self.solvers, self.timeout_ms = schema, tuple(solvers), timeout_ms
        self._compilers: dict[Environment, Compiler] = {}

    def compiler(self, environment: Environment) -> Compiler:
        """Return the compiler of an environment, which keeps what it compiled."""
        if environment not in self._compilers:
            self._compilers[environment] = Compiler(self.schema, environment)
        return self._compilers[environment]

    def settle(self, statement: Statement) -> Finding:
        """Return what is known of a statement; unproven, with the reason, where nothing is."""
        key = self._key(statement)
        finding = verdicts.get(key)
        if finding is None:
            finding = self._settle(statement)
            verdicts.put(key, finding)
        return finding

    def _key(self, statement: Statement) -> str:
        policies = [(policy.id, policy.effect, policy.digest) for policy in statement.policies]
        return key_of(
            (
                self.schema.digest,
                str(statement.environment),
                statement.kind,
                statement.names,
                statement.split,
                policies,
                self.solvers,
            )
        )

    def _settle(self, statement: Statement) -> Finding:
        compiler = self.compiler(statement.environment)
        try:
            held = [compiler.compile(policy) for policy in statement.policies]
            root = statement.root(held)
            if root is compiler.terms.false:
                return _none_exists(statement)
            query = Query(compiler.world, root)
        except Unencodable as error:
            return self._search(statement, f"The solver cannot be told exactly of {error}.")
        except RecursionError:
            return self._search(statement, "An expression nests too deeply.")
        return self._solve(statement, query, held)

    def _solve(self, statement: Statement, query: Query, held: Sequence[Compiled]) -> Finding:
        script = query.script()
        wanted = query.wanted()
        values = values_of(query, wanted) if wanted else ""
        reasons = []
        for solver in self.solvers:
            reply = ask(script, values, solver=solver, timeout_ms=self.timeout_ms)
            if reply.status is Status.UNSAT:
                return _none_exists(statement)
            witness = self._witness(statement, query, held, reply)
            if witness is not None:
                return _shown(statement, witness)
            if reply.status is Status.SAT:
                reasons.append(f"Cedar does not confirm the example of {solver}.")
            else:
                reasons.append(f"{solver} gave no answer: {reply.text}.")
        return self._search(statement, " ".join(reasons))

    def _witness(
        self, statement: Statement, query: Query, held: Sequence[Compiled], reply: Reply
    ) -> Witness | None:
        if reply.status is not Status.SAT:
            return None
        compiler = self.compiler(statement.environment)
        try:
            model = Model(query, reply.text)
            witness = write_witness(compiler, model, held)
        except (Unwritable, ValueError):
            return None
        return witness if self._confirms(statement, witness) else None

    def _confirms(self, statement: Statement, witness: Witness) -> bool:
        did = observe(self.schema, statement.policies, witness)
        if did is None or not statement.claim(did):
            return False
        return statement.decided is None or statement.decided(witness)

    def _search(self, statement: Statement, reason: str) -> Finding:
        witness = find_witness(
            self.schema, statement.environment, statement.policies, statement.claim
        )
        if witness is not None and self._confirms(statement, witness):
            return _shown(statement, witness)
        return _finding(statement, Verdict.UNPROVEN, reason=reason)


def _none_exists(statement: Statement) -> Finding:
    is_existential = statement.kind in EXISTENTIAL
    return _finding(statement, Verdict.REFUTED if is_existential else Verdict.PROVEN)


def _shown(statement: Statement, witness: Witness) -> Finding:
    is_existential = statement.kind in EXISTENTIAL
    verdict = Verdict.PROVEN if is_existential else Verdict.REFUTED
    return _finding(statement, verdict, witness=witness)


def _finding(
    statement: Statement, verdict: Verdict, *, witness: Witness | None = None, reason: str = ""
) -> Finding:
    return Finding(
        kind=statement.kind,
        policies=statement.names,
        environment=statement.environment,
        verdict=verdict,
        witness=witness,
        reason=reason,
    )
