"""Other origins may call only where they are listed one by one."""

import pytest

from apps.kernel.environment import BadEnvironment, read_environment
from tests.api.rest import Caller, done
from tests.environment import base_environment

pytestmark = [pytest.mark.django_db, pytest.mark.gap("MT-H5")]
ORIGIN = "https://tools.example"
ASKED = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "aeterna-company, authorization, if-match, idempotency-key",
}


@pytest.fixture
def listed(settings):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]


def preflight(**changes):
    return Caller().send("OPTIONS", "company", headers={**ASKED, **changes})


def test_a_listed_origin_passes_the_preflight(listed):
    answer = preflight()
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"]
    wanted = {"aeterna-company", "authorization", "if-match", "idempotency-key"}
    assert wanted <= set(allowed.split(", "))
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://tools.example", "https://tools.example.evil.example", "null"],
)
def test_another_origin_is_told_nothing(listed, admin, origin):
    assert "Access-Control-Allow-Origin" not in preflight(Origin=origin).headers
    answer = admin.get("me", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_without_a_list_no_origin_may_call():
    assert "Access-Control-Allow-Origin" not in preflight().headers


def test_a_listed_origin_reads_answers_and_their_headers(listed, admin):
    answer = admin.get("me", headers={"Origin": ORIGIN})
    done(answer)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"ETag", "Retry-After", "Idempotent-Replay", "Location"} <= set(exposed)


def test_pages_stay_closed_to_every_origin(listed):
    answer = Caller().send("GET", "/sign-in/", headers={"Origin": ORIGIN})
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("origins", ["*", "https://a.example,*"])
@pytest.mark.parametrize("mode", ["production", "demo", "test"])
def test_the_portal_does_not_start_with_a_wildcard(origins, mode):
    variables = {
        **base_environment(),
        "AETERNA_ENVIRONMENT": mode,
        "CORS_ALLOWED_ORIGINS": origins,
    }
    with pytest.raises(BadEnvironment, match="CORS_ALLOWED_ORIGINS must list origins, never"):
        read_environment(variables)
