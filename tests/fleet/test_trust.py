"""What agents rely on, as the portal gives it: signed revisions, leases and keys that follow."""

import base64
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.api_jws import PyJWS

from apps.fleet import operations, queries
from apps.fleet.leases import grant_leases
from apps.kernel.errors import Invalid
from apps.kernel.tenancy import acting_as
from apps.policies import operations as policies
from apps.policies.models import Revision, SigningKey
from apps.policies.queries import find_signing_key, get_head, load_bundle
from apps.policies.signing import key_chain
from tests.factories.company import TestCompany
from tests.web.sign_in import browser

from .test_live import deliver_all, enroll, heard, hello, publish, socket

RULES: dict[str, Any] = {
    "lease_seconds": 20,
    "limit_seconds": 90,
    "limits": {"deploy": 10},
    "readable": ["read_file"],
    "offline_hours": 12,
}


def claims(token: str, *, x: str, kind: str) -> dict[str, Any]:
    """Return what a JWS says after its signature was checked, as an agent would."""
    raw = base64.urlsafe_b64decode(x + "=")
    key = Ed25519PublicKey.from_public_bytes(raw)
    found = PyJWS().decode_complete(token, key, algorithms=["EdDSA"])
    assert found["header"]["typ"] == f"aeterna-{kind}+jwt"
    payload: dict[str, Any] = json.loads(found["payload"])
    return payload


def test_a_revision_is_signed_in_the_transaction_that_publishes_it(company):
    number = publish(company)
    with company.acting("admin"):
        bundle, key = load_bundle(number), find_signing_key()
        told = claims(bundle.manifest, x=key.x, kind="revision")
        assert told.pop("iat")
        assert told == {
            "tenant": str(company.tenant_id),
            "revision": number,
            "digest": bundle.digest,
            "previous_digest": bundle.previous_digest,
            "minimum_engine": "4.12",
            "expected": [],
            "temporary": [],
        }
        assert bundle.kid == key.kid
        assert key.sealed_private_key not in ("", key.x)


def test_rotating_signs_the_head_anew_and_the_old_key_vouches_for_the_new(company):
    number = publish(company)
    with company.acting("admin"):
        old = find_signing_key()
        new = policies.rotate_signing_key(reason="every year")
        first, second = key_chain()
        assert (first["kid"], second["kid"]) == (old.kid, new.kid)
        told = claims(second["endorsement"], x=first["x"], kind="key")
        assert (told["kid"], told["x"]) == (new.kid, new.x)
        head = get_head()
        assert head.number == number + 1
        assert claims(load_bundle(head.number).manifest, x=new.x, kind="revision")["digest"] == (
            head.digest
        )
        assert [key.retired_at is None for key in SigningKey.objects.order_by("id")] == [
            False,
            True,
        ]


def test_the_key_is_the_company_s_own(company, other_company):
    publish(company)
    publish(other_company)
    with company.acting("admin"):
        ours = find_signing_key()
        assert [row["kid"] for row in key_chain()] == [ours.kid]
    with other_company.acting("admin"):
        assert find_signing_key().kid != ours.kid


def test_a_lease_names_its_agent_question_and_head(company):
    agent, _ = enroll(company)
    publish(company)
    with company.acting("admin"):
        operations.configure_leases(**RULES)
        token = grant_leases([(agent, "asked")])[agent.id]
        told = claims(token, x=find_signing_key().x, kind="lease")
        head = get_head()
        assert told.pop("iat")
        wanted = {name: value for name, value in RULES.items() if name != "offline_hours"}
        assert told == {
            "tenant": str(company.tenant_id),
            "agent": str(agent.id),
            "nonce": "asked",
            "revision": head.number,
            "digest": head.digest,
            **wanted,
        }


def test_an_agent_that_works_offline_has_hours_and_single_limits_hold(company):
    agent, _ = enroll(company)
    publish(company)
    with company.acting("admin"):
        operations.configure_leases(**RULES)
        agent = operations.update_agent(agent_id=agent.id, works_offline=True)
        token = grant_leases([(agent, "asked")])[agent.id]
        told = claims(token, x=find_signing_key().x, kind="lease")
        assert (told["lease_seconds"], told["limit_seconds"]) == (20, 12 * 3600)
        assert told["limits"] == {"deploy": 10}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lease_seconds": 9}, "lease_seconds"),
        ({"limit_seconds": 19}, "limit_seconds"),
        ({"limit_seconds": 86_401}, "limit_seconds"),
        ({"limits": {"deploy": -1}}, "limits"),
        ({"limits": {" ": 5}}, "limits"),
        ({"readable": ["x" * 121]}, "readable"),
        ({"readable": [f"action {at}" for at in range(101)]}, "readable"),
        ({"offline_hours": 0}, "offline_hours"),
        ({"offline_hours": 721}, "offline_hours"),
    ],
)
def test_rules_out_of_range_are_named_and_change_nothing(company, changes, field):
    with company.acting("admin"):
        operations.configure_leases(**RULES)
        with pytest.raises(Invalid) as refused:
            operations.configure_leases(**{**RULES, **changes})
        assert list(refused.value.fields) == [field]
        rules = queries.lease_rules()
        assert {name: getattr(rules, name) for name in RULES} == RULES


async def test_an_agent_is_told_keys_before_what_they_sign_and_a_lease_for_its_nonce(
    committed_company,
):
    company = committed_company
    _, token = await sync_to_async(enroll)(company)
    await sync_to_async(publish)(company)
    communicator = socket(token)
    await communicator.connect()
    await communicator.send_to(hello())
    frames = [await heard(communicator) for _ in range(3)]
    assert [frame["type"] for frame in frames] == ["welcome", "keys", "snapshot"]
    key = frames[1]["keys"][-1]
    signed = claims(frames[2]["manifest"], x=key["x"], kind="revision")
    assert (signed["revision"], signed["digest"]) == (frames[2]["revision"], frames[2]["digest"])
    beat = {"type": "heartbeat", "revision": 0, "digest": None, "nonce": "mine"}
    await communicator.send_to(json.dumps(beat))
    answer = await heard(communicator)
    assert claims(answer["lease"], x=key["x"], kind="lease")["nonce"] == "mine"

    await sync_to_async(rotate)(company)
    await sync_to_async(deliver_all)()
    after = [await heard(communicator) for _ in range(2)]
    assert [frame["type"] for frame in after] == ["keys", "snapshot"]
    assert claims(after[1]["manifest"], x=after[0]["keys"][-1]["x"], kind="revision")
    await communicator.disconnect()


def rotate(company: TestCompany) -> None:
    with company.acting("admin"):
        policies.rotate_signing_key(reason="every year")


async def test_a_head_older_than_signing_is_signed_when_an_agent_comes(
    committed_company, unsigned_head
):
    company = committed_company
    _, token = await sync_to_async(enroll)(company)
    communicator = socket(token)
    await communicator.connect()
    await communicator.send_to(hello(revision=unsigned_head.number, digest=unsigned_head.digest))
    frames = [await heard(communicator) for _ in range(3)]
    assert [frame["type"] for frame in frames] == ["welcome", "keys", "snapshot"]
    assert frames[2]["revision"] == unsigned_head.number + 1
    await communicator.disconnect()


@pytest.fixture
def unsigned_head(committed_company: TestCompany) -> Any:
    """A newest revision as it was before revisions were signed."""
    from apps.policies.models import Head

    publish(committed_company)
    with acting_as(committed_company.actor("admin")):
        head = Head.objects.get()
        newest = Revision.objects.get(number=head.number)
        newest.pk, newest.number, newest.kid, newest.manifest = None, head.number + 1, "", ""
        newest._state.adding = True
        newest.id = Revision._meta.get_field("id").default()
        newest.save(force_insert=True)
        head.number = newest.number
        head.save()
        return newest


@pytest.mark.parametrize("nonce", [7, "", "x" * 65, ["n"]])
async def test_a_nonce_that_is_none_ends_the_connection(committed_company, nonce):
    _, token = await sync_to_async(enroll)(committed_company)
    communicator = socket(token)
    await communicator.connect()
    await communicator.send_to(hello())
    while (await heard(communicator))["type"] != "up_to_date":
        pass
    beat = {"type": "heartbeat", "revision": 0, "digest": None, "nonce": nonce}
    await communicator.send_to(json.dumps(beat))
    refused = await heard(communicator)
    assert (refused["code"], refused["detail"][:6]) == ("malformed", "nonce:")


def test_the_pages_set_rules_replace_the_key_and_let_an_agent_work_offline(company):
    client = browser(company, "admin")
    agent, _ = enroll(company)
    publish(company)
    form = {**RULES, "limits": "deploy 10\n", "readable": "read_file\n"}
    form["out_of_date_seconds"] = 90
    assert client.post("/fleet/leases/", form).status_code == 302
    assert client.post("/fleet/keys/rotate/", {"reason": "leaked"}).status_code == 302
    offline = f"/fleet/agents/{agent.id}/offline/"
    assert client.post(offline, {"works_offline": "yes"}).status_code == 302
    with company.acting("admin"):
        assert queries.lease_rules().limits == {"deploy": 10}
        assert SigningKey.objects.count() == 2
        assert queries.get_agent(agent.id).works_offline
    page = client.get("/fleet/keys/").content.decode()
    assert page.count("Retired") == 1
    refused = client.post("/fleet/leases/", {**form, "limits": "deploy soon"})
    assert "deploy soon: write an action and its seconds." in refused.content.decode()
