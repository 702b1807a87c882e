"""An agent believes the key it was told of or met first, and those that follow from it."""

import json
from pathlib import Path

import pytest
from aeterna_cedar_agent.trust import FILE, KEY, LEASE, REVISION, Key, Trust, TrustError

from .agent_process import MakeAgent, decision, synced
from .portal_double import Portal
from .samples import NOBODY_MAY, snapshot
from .signing import FIRST, SECOND, STRANGER, TENANT, THIRD, Signer, lease, manifest

CHAIN = (FIRST, SECOND, THIRD)


def keys(*signers: Signer) -> list[Key]:
    return [Key(**signer.as_json()) for signer in signers]


def trusting(folder: Path, *signers: Signer, pin: str | None = None) -> Trust:
    trust = Trust(directory=folder, pin=pin)
    trust.accept(tenant=TENANT, keys=keys(*signers))
    return trust


def test_the_first_contact_decides_and_is_remembered(tmp_path: Path) -> None:
    trusting(tmp_path, FIRST)
    again = Trust(directory=tmp_path)
    again.open()
    assert again.active == FIRST.kid
    with pytest.raises(TrustError, match="not among the portal's"):
        again.accept(tenant=TENANT, keys=keys(STRANGER))
    assert again.active == FIRST.kid


def test_a_key_named_in_the_settings_decides_instead(tmp_path: Path) -> None:
    with pytest.raises(TrustError, match=f"key {FIRST.kid}, which is trusted here"):
        trusting(tmp_path, STRANGER, pin=FIRST.kid)
    assert not (tmp_path / FILE).exists()
    assert trusting(tmp_path, *CHAIN, pin=FIRST.kid).active == THIRD.kid


def test_keys_follow_one_another_by_endorsement(tmp_path: Path) -> None:
    trust = trusting(tmp_path, FIRST)
    trust.accept(tenant=TENANT, keys=keys(*CHAIN))
    assert trust.active == THIRD.kid
    assert trust.read(lease("n", by=THIRD), kind=LEASE)["nonce"] == "n"
    with pytest.raises(TrustError, match="signs no longer"):
        trust.read(lease("n", by=FIRST), kind=LEASE)
    assert trust.read_stored(manifest(1, "sha256:0"), kind=REVISION)["revision"] == 1


@pytest.mark.parametrize(
    ("signers", "error"),
    [
        ((FIRST, STRANGER), "signature"),
        ((FIRST, Signer(9, endorsed_by=STRANGER)), "not trusted here"),
        ((FIRST, SECOND, Signer(9, endorsed_by=FIRST)), "not trusted here"),
        ((), "not among"),
    ],
    ids=["nobody vouches", "a stranger vouches", "a retired key vouches", "no key at all"],
)
def test_a_key_that_does_not_follow_is_refused_and_nothing_changes(
    tmp_path: Path, signers: tuple[Signer, ...], error: str
) -> None:
    trust = trusting(tmp_path, FIRST)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(TrustError, match=error):
        trust.accept(tenant=TENANT, keys=keys(*signers))
    assert (trust.active, (tmp_path / FILE).read_bytes()) == (FIRST.kid, before)


def test_an_endorsement_of_another_key_and_a_wrong_name_are_refused(tmp_path: Path) -> None:
    trust = trusting(tmp_path, FIRST)
    _, second = keys(FIRST, SECOND)
    (third,) = keys(THIRD)
    for key in (
        Key(kid=third.kid, x=third.x, endorsement=second.endorsement),
        Key(kid=second.kid, x=third.x, endorsement=second.endorsement),
        Key(kid=second.kid, x="short", endorsement=second.endorsement),
    ):
        with pytest.raises(TrustError):
            trust.accept(tenant=TENANT, keys=[*keys(FIRST), key])
    assert trust.active == FIRST.kid


@pytest.mark.parametrize(
    "token",
    [
        manifest(1, "sha256:0", by=STRANGER),
        manifest(1, "sha256:0", tenant="another"),
        lease("n"),
        FIRST.sign({"kid": "k"}, kind="key"),
        manifest(1, "sha256:0")[:-4] + "AAAA",
        "a.b.c",
        "",
        "not a token",
    ],
    ids=["stranger", "tenant", "lease", "key", "forged", "letters", "nothing", "words"],
)
def test_what_is_not_signed_for_this_by_the_company_is_refused(tmp_path: Path, token: str) -> None:
    with pytest.raises(TrustError):
        trusting(tmp_path, FIRST).read(token, kind=REVISION)


def test_an_algorithm_that_the_token_chooses_is_refused(tmp_path: Path) -> None:
    import jwt

    none = jwt.encode({"tenant": TENANT}, None, "none", headers={"kid": FIRST.kid, "typ": KEY})
    with pytest.raises(TrustError):
        trusting(tmp_path, FIRST).read(none, kind=KEY)


@pytest.mark.parametrize("content", ["{", "[]", '{"tenant": "t", "active": "a", "keys": [1]}'])
def test_a_broken_file_of_keys_is_no_reason_to_trust_anybody(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(TrustError, match=FILE):
        Trust(directory=tmp_path).open()


def test_an_agent_does_not_start_on_a_broken_file_of_keys(
    portal: Portal, make_agent: MakeAgent, tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / FILE).write_text("{")
    agent = make_agent(portal_url=portal.url)
    assert agent.wait_exit() == 1
    assert FILE in agent.wait_log("cannot start")["error"]


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        (snapshot(2, policies=NOBODY_MAY, by=STRANGER), "manifest: signed by key"),
        (
            {**snapshot(2, policies=NOBODY_MAY), "manifest": snapshot(3)["manifest"]},
            "manifest: signed for revision 3",
        ),
        (
            {**snapshot(2, policies=NOBODY_MAY), "manifest": snapshot(2)["manifest"]},
            "manifest: signed for digest",
        ),
        (
            {**snapshot(2), "manifest": manifest(2, snapshot(2)["digest"], minimum_engine="99.1")},
            "needs cedarpy 99.1 or newer",
        ),
        ({k: v for k, v in snapshot(2).items() if k != "manifest"}, "manifest: is missing"),
    ],
    ids=["stranger", "number", "content", "engine", "unsigned"],
)
def test_a_revision_that_is_not_signed_for_changes_nothing(
    portal: Portal, make_agent: MakeAgent, frame: dict[str, object], error: str
) -> None:
    agent = synced(portal, make_agent)
    portal.send(frame)
    nack = portal.wait_for_frame("nack")
    assert (nack["revision"], nack["stage"]) == (2, "verify")
    assert error in nack["error"]
    assert decision(agent) == ("Allow", 1)


def test_an_agent_follows_a_rotation_and_keeps_away_from_a_stranger(
    portal: Portal, make_agent: MakeAgent
) -> None:
    agent = synced(portal, make_agent)
    portal.keys = (FIRST, SECOND)
    portal.head = snapshot(2, policies=NOBODY_MAY, by=SECOND)
    portal.cut()
    portal.wait_for_frame("ack", revision=2)
    assert decision(agent) == ("Deny", 2)
    portal.keys = (STRANGER,)
    portal.head = snapshot(3, by=STRANGER)
    portal.cut()
    assert "is not among the portal's" in agent.wait_log("link down", close_code=4403)["reason"]
    assert decision(agent) == ("Deny", 2)


def test_a_stored_revision_that_nobody_signed_is_not_served(
    portal: Portal, make_agent: MakeAgent, tmp_path: Path
) -> None:
    agent = synced(portal, make_agent)
    agent.kill()
    portal.stop()
    file = tmp_path / "state" / FILE
    kept = json.loads(file.read_text())
    kept["keys"] = [{"kid": STRANGER.kid, "x": STRANGER.x}]
    file.write_text(json.dumps({**kept, "active": STRANGER.kid}))
    again = make_agent(portal_url=portal.url)
    assert "not trusted here" in again.wait_log("stored revision refused")["error"]
    assert decision(again) == ("Deny", None)
