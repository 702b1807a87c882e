"""Secrets show their last four characters at most."""

import pytest

from apps.kernel.ids import uuid7
from apps.kernel.masking import mask, masked
from apps.kernel.tokens import digest_of, mint, tenant_of
from apps.webhooks.signing import new_secret

pytestmark = pytest.mark.gap("OC-C2")


@pytest.mark.parametrize(
    ("value", "shown"),
    [("", "[REDACTED:…]"), ("12345678", "[REDACTED:…]"), ("123456789", "[REDACTED:…6789]")],
)
def test_a_short_secret_shows_nothing_of_itself(value, shown):
    assert masked(value) == shown


@pytest.mark.parametrize(
    "name", ["password", "client_secret", "Authorization", "api_token", "private_key", "Cookie"]
)
def test_a_secret_is_masked_at_any_depth(name):
    secret = "abcdefghijklmnop"
    hidden = "[REDACTED:…mnop]"
    assert mask({"outer": [{name: secret, "other": "x"}]}) == {
        "outer": [{name: hidden, "other": "x"}]
    }
    assert mask({name: {"value": secret, "all": [secret]}}) == {
        name: {"value": hidden, "all": [hidden]}
    }


def test_a_token_is_masked_wherever_it_stands():
    token = mint(kind="p", tenant_id=uuid7())
    shown = mask({"reason": f"it was {token.text}, was it not"})["reason"]
    assert shown == f"it was [REDACTED:…{token.tail}], was it not"


def test_a_secret_of_a_webhook_is_masked_wherever_it_stands():
    secret = new_secret()
    assert mask([f"signed with {secret}"]) == [f"signed with {masked(secret)}"]


def test_what_is_no_secret_stays_as_it_is():
    value = {"name": "token ring", "count": 3, "none": None, "list": [1, True]}
    assert mask(value) == value


def test_a_token_names_its_tenant_and_is_kept_as_a_hash():
    tenant_id = uuid7()
    token = mint(kind="c", tenant_id=tenant_id)
    assert tenant_of(token.text, kind="c") == tenant_id
    assert tenant_of(token.text, kind="p") is None
    assert token.digest == digest_of(token.text)
    assert token.text not in token.digest
    assert token.text.endswith(token.tail)
    assert mint(kind="c", tenant_id=tenant_id).text != token.text


@pytest.mark.parametrize(
    "text", ["", "aet", "aet_c", "aet_c_zz_x", "bearer", "aet_c_" + "0" * 31 + "_x", "aet_c__x"]
)
def test_a_malformed_token_names_no_tenant(text):
    assert tenant_of(text, kind="c") is None
