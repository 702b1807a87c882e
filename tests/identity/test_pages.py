"""What the sign-in page offers, to whom, and what it never tells."""

import json

import pytest
from django.test import Client

from apps.kernel.environment import Mode

pytestmark = pytest.mark.django_db
PEOPLE = [
    {"name": "Nina", "email": "nina@demo.example", "role": "Architect", "password": "demo-secret-1"}
]


@pytest.fixture
def demo_file(settings, tmp_path):
    path = tmp_path / "demo.json"
    path.write_text(json.dumps(PEOPLE))
    changed = {"demo_people_file": str(path)}
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=changed)
    return path


def be(settings, mode, **changes):
    changed = {"aeterna_environment": mode, **changes}
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=changed)


def page(query=""):
    return Client().get(f"/sign-in/{query}")


def test_every_provider_has_its_button_that_remembers_where_to_go(
    company, provider, other_provider, configure
):
    configure(okta=(provider, {}), entra=(other_provider, {"name": "Microsoft"}))
    text = page("?next=/audit/%3Factor=x%26page=2").content.decode()
    for name in ("Continue with Okta", "Continue with Microsoft"):
        assert name in text
    assert 'href="/sign-in/okta/?next=%2Faudit%2F%3Factor%3Dx%26page%3D2"' in text


def test_the_page_is_never_cached_and_never_framed(company):
    answer = page()
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Frame-Options"] == "DENY"


def test_a_demo_names_its_people_and_fills_in_their_address(company, settings, demo_file):
    be(settings, Mode.DEMO)
    answer = page("?email=nina@demo.example")
    text = answer.content.decode()
    assert "demo-secret-1" in text
    assert 'value="nina@demo.example"' in text


@pytest.mark.parametrize(
    ("mode", "passwords"), [(Mode.PRODUCTION, True), (Mode.TEST, True), (Mode.DEMO, False)]
)
def test_nothing_but_a_demo_with_passwords_tells_a_password(
    company, settings, demo_file, mode, passwords
):
    be(settings, mode, local_passwords=passwords)
    assert "demo-secret-1" not in page().content.decode()


@pytest.mark.parametrize("content", ["", "{", "\x00"])
def test_a_broken_list_of_people_breaks_no_page(company, settings, demo_file, content):
    be(settings, Mode.DEMO)
    demo_file.write_text(content)
    assert page().status_code == 200


def test_what_the_address_says_is_never_markup(company):
    text = page('?email="><script>alert(1)</script>&next=/"><script>alert(2)</script>')
    assert "<script>alert" not in text.content.decode()


def test_without_any_way_in_the_page_says_so(company, settings):
    be(settings, Mode.TEST, local_passwords=False)
    text = page().content.decode()
    assert "No way to sign in is set up" in text
    assert "<form" not in text.split('id="main"')[1].split("</main>")[0]
