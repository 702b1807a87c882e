"""Random policies: Cedar reproduces every witness, random worlds refute no proof."""

import random
from collections import Counter

import pytest

from apps.policies.analysis import Analyzer, Kind, Policy, Relation, Solver, Verdict
from apps.policies.analysis.confirm import allows, observe, observe_many
from apps.policies.analysis.search import random_worlds
from apps.policies.analysis.types import EXISTENTIAL
from tests.policies.analysis.generator import RICH, Generator, agent_schema_text

# What one request shows of each kind of statement.
SHOWS = {
    Kind.NEVER_MATCHES: lambda did: 0 in did.applied,
    Kind.ALWAYS_MATCHES: lambda did: 0 not in did.applied,
    Kind.NEVER_ERRORS: lambda did: 0 in did.failed,
    Kind.OVERLAP: lambda did: did.applied == {0, 1},
    Kind.SHADOWED: lambda did: did.applied == {0},
    Kind.OVERRIDDEN: lambda did: did.applied == {0},
    Kind.FORBID_SHADOWED: lambda did: did.applied == {0},
    Kind.REDUNDANT: lambda did: len(did.applied) == 1,
}


def _pairs(generator, count):
    """Yield pairs; every other one is a policy and the same with more conditions."""
    for number in range(count):
        one, other, environment = generator.pair()
        if number % 2:
            more = other.body["conditions"]
            body = {**one.body, "conditions": [*one.body["conditions"], *more]}
            other = Policy("other", {**body, "effect": other.body["effect"]})
        yield one, other, environment


def _check(schema, finding, policies, rng, worlds):
    """Hold a finding against Cedar; return how it was shown."""
    shows = SHOWS[finding.kind]
    if finding.verdict is Verdict.UNPROVEN:
        assert finding.witness is None
        assert finding.reason
        return "unproven"
    if finding.witness is not None:
        assert shows(observe(schema, policies, finding.witness))
        return "shown"
    assert (finding.verdict is Verdict.REFUTED) == (finding.kind in EXISTENTIAL)
    where = finding.environment
    for world in random_worlds(schema, where, policies, rng, worlds=worlds, requests=40):
        done = observe_many(
            schema, policies, entities=world.entities, requests=world.requests, slots=world.slots
        )
        assert None not in done
        assert not any(shows(did) for did in done)
    return "proven"


def _fuzz(text, seed, pairs, *, worlds, second_opinion=1):
    generator, rng, seen = Generator(text, seed, templates=0.06), random.Random(seed), Counter()
    analyzer = Analyzer(generator.schema, solvers=(Solver.CVC5,))
    other_analyzer = Analyzer(generator.schema, solvers=(Solver.Z3,))
    for number, (one, other, environment) in enumerate(_pairs(generator, pairs)):
        by_name = {"one": one, "other": other}
        found = [*analyzer.single(one, environment), *analyzer.pair(one, other, environment)]
        for finding in found:
            policies = [by_name[name] for name in finding.policies]
            seen[_check(generator.schema, finding, policies, rng, worlds)] += 1
        if number % second_opinion == 0:
            again = other_analyzer.pair(one, other, environment)
            _agree(found[3:], again, seen)
    return seen


def _agree(first, second, seen):
    for mine, theirs in zip(first, second, strict=True):
        assert mine.kind is theirs.kind
        if Verdict.UNPROVEN not in (mine.verdict, theirs.verdict):
            assert mine.verdict is theirs.verdict
            seen["agreed"] += 1


def _fuzz_sets(seed, count):
    """Compare random sets that share most of their policies; return how each was settled."""
    generator, rng, seen = Generator(RICH, seed), random.Random(seed), Counter()
    analyzer = Analyzer(generator.schema)
    for _ in range(count):
        where = generator.pick.choice(generator.schema.environments)
        shared = generator.set(where, 2, "shared")
        old, new = (shared + generator.set(where, 1, name) for name in ("old", "new"))
        found = analyzer.compare(old, new, where)
        seen[found.relation] += 1
        for finding, allowing, denying in (
            (found.newly_allowed, new, old),
            (found.newly_denied, old, new),
        ):
            _check_set(generator.schema, finding, allowing, denying, rng)
    return seen


def _check_set(schema, finding, allowing, denying, rng):
    if finding.witness is not None:
        assert allows(schema, allowing, finding.witness)
        assert not allows(schema, denying, finding.witness)
        return
    sides = [[(at, p.effect) for at, p in enumerate(side)] for side in (allowing, denying)]
    where = finding.environment
    for world in random_worlds(schema, where, [*allowing, *denying], rng, worlds=1, requests=40):
        given = {"entities": world.entities, "requests": world.requests, "slots": {}}
        both = (observe_many(schema, side, **given) for side in (allowing, denying))
        for mine, theirs in zip(*both, strict=True):
            assert not (mine.decides(sides[0]) and not theirs.decides(sides[1]))


def test_differences_of_random_sets_are_reproduced_and_sameness_stands():
    seen = _fuzz_sets(5, 20)
    assert sum(seen.values()) == 20
    assert len(seen) >= 3
    assert seen[Relation.UNPROVEN] <= 1


@pytest.mark.parametrize(
    ("text", "seed", "pairs"), [(RICH, 1, 36), (RICH, 2, 36), (agent_schema_text(), 3, 40)]
)
def test_witnesses_are_reproduced_proofs_stand_and_solvers_agree(text, seed, pairs):
    seen = _fuzz(text, seed, pairs, worlds=1, second_opinion=3)
    assert seen["shown"] > pairs
    assert seen["proven"] > pairs
    assert seen["agreed"] > pairs / 2
    assert seen["unproven"] <= pairs / 50


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(300, 303))
def test_three_hundred_sets_compare_as_cedar_decides(seed):
    seen = _fuzz_sets(seed, 100)
    assert seen[Relation.UNPROVEN] <= 2


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("text", "seed"),
    [(RICH, seed) for seed in range(100, 114)]
    + [(agent_schema_text(), seed) for seed in range(200, 206)],
)
def test_five_thousand_pairs_hold(text, seed):
    seen = _fuzz(text, seed, 250, worlds=1)
    assert seen["shown"] > 250
    assert seen["proven"] > 250
    assert seen["unproven"] <= 5
