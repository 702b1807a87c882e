"""The pages that export and import policies: the file, the preview, and what is confirmed."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.policies.bundles import write_bundle
from apps.policies.models import Policy
from apps.policies.operations import edit_policy
from apps.proposals.models import Proposal
from tests.factories.policy import FORBID, make_active
from tests.policies.pages import text_of
from tests.policies.test_bundles import carried
from tests.proposals.bundles import export
from tests.web.sign_in import browser

pytestmark = pytest.mark.django_db
PAGE = "/proposals/import/"
HIDDEN = re.compile(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">')


def upload(company: Any, content: bytes | None, **changes: Any) -> dict[str, Any]:
    values = {
        "scope_id": str(company.scopes["company"].id),
        "justification": "As over there.",
        "with_tests": "on",
        **changes,
    }
    return {**values, "file": SimpleUploadedFile("b.zip", content)} if content else values


def hidden(page: str) -> dict[str, str]:
    """Return what the form that confirms a preview sends."""
    (form,) = re.findall(r'<form class="form-actions" method="post".*?</form>', page, re.DOTALL)
    return {name: value for name, value in HIDDEN.findall(form) if name != "csrfmiddlewaretoken"}


def counts(company: Any) -> tuple[int, int]:
    with company.acting("admin"):
        return Policy.objects.count(), Proposal.objects.count()


def test_only_administrators_are_offered_to_export_and_import(company: Any) -> None:
    make_active(company)
    for who, is_offered in (("admin", True), ("architect", False)):
        page = text_of(browser(company, who).get("/policies/"))
        assert ("/policies/export/" in page) is is_offered
        assert (PAGE in page) is is_offered
    for address in ("/policies/export/", PAGE):
        assert browser(company, "architect").get(address).status_code == 403


def test_the_export_is_a_file(company: Any) -> None:
    make_active(company)
    client = browser(company, "admin")
    values = {"scope_id": str(company.scopes["company"].id), "include_below": "on"}
    answer = client.post("/policies/export/", values)
    bundle = export(company)
    assert answer.content == bundle.content
    assert answer["Content-Type"] == "application/zip"
    name = f"acme-policies-{bundle.digest[7:15]}.zip"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'


def test_where_there_is_nothing_to_export_the_page_says_so(company: Any) -> None:
    values = {"scope_id": str(company.scopes["web"].id)}
    answer = browser(company, "admin").post("/policies/export/", values)
    assert answer.status_code == 409
    assert "Web has no policy to export." in text_of(answer)


def test_a_preview_changes_nothing_and_what_it_showed_is_imported(company: Any) -> None:
    make_active(company, description="What holds everywhere.")
    bundle = write_bundle([carried(cedar=FORBID), carried("second")])
    client = browser(company, "admin")
    answer = client.post(PAGE, upload(company, bundle.content))
    page = text_of(answer)
    assert answer.status_code == 200
    assert "2 policies: 1 new, 1 changed, 0 equal, 0 proposed already, 0 refused." in page
    assert bundle.digest in page
    assert counts(company) == (1, 1)

    answer = client.post(PAGE, hidden(page))

    assert (answer.status_code, answer["Location"]) == (302, "/proposals/")
    listed = text_of(client.get("/proposals/"))
    assert "2 proposals were made. Nothing is in force before somebody else approves it." in listed
    assert counts(company) == (2, 3)

    again = text_of(client.post(PAGE, upload(company, bundle.content)))
    assert "2 proposed already" in again
    assert "Nothing to do." in again
    assert 'name="confirmed"' not in again


def test_a_bundle_that_is_refused_offers_no_import(company: Any) -> None:
    bundle = write_bundle([carried(path="sales"), carried("fine")])
    answer = browser(company, "admin").post(PAGE, upload(company, bundle.content))
    page = text_of(answer)
    assert "There is no scope sales below Acme." in page
    assert "It cannot be imported." in page
    assert 'name="confirmed"' not in page
    assert counts(company) == (0, 0)


def test_what_changed_since_the_preview_is_shown_again_and_not_imported(company: Any) -> None:
    policy = make_active(company)
    client = browser(company, "admin")
    bundle = write_bundle([carried(cedar=FORBID)])
    page = text_of(client.post(PAGE, upload(company, bundle.content)))
    with company.acting("architect"):
        edit_policy(policy_id=policy.id, mode="mandatory")
    answer = client.post(PAGE, hidden(page))
    assert answer.status_code == 412
    assert "has changed since it was shown" in text_of(answer)
    assert counts(company) == (1, 1)
    assert client.post(PAGE, hidden(text_of(answer))).status_code == 302
    assert counts(company) == (1, 2)


def test_what_went_wrong_while_importing_is_shown_with_the_preview(company: Any) -> None:
    bundle = write_bundle([carried(path="sales")])
    values = upload(company, bundle.content, confirmed="yes")
    answer = browser(company, "admin").post(PAGE, values)
    assert answer.status_code == 409
    assert "sales/baseline: There is no scope sales below Acme." in text_of(answer)
    assert counts(company) == (0, 0)


@pytest.mark.parametrize(
    ("content", "changes", "words"),
    [
        (None, {}, "Choose a bundle."),
        (None, {"seen": "!"}, "Choose the bundle again."),
        (b"x", {}, "This is not a zip file, or it is damaged."),
        (bytes(1_000_001), {}, "At most 1000000 bytes; these are 1000001."),
        (b"x", {"justification": ""}, "This field is required."),
    ],
)
def test_what_cannot_be_read_is_named(
    company: Any, content: bytes | None, changes: dict[str, str], words: str
) -> None:
    answer = browser(company, "admin").post(PAGE, upload(company, content, **changes))
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert counts(company) == (0, 0)


def test_another_companys_scope_cannot_be_chosen(company: Any, other_company: Any) -> None:
    bundle = write_bundle([carried()])
    theirs = str(other_company.scopes["company"].id)
    answer = browser(company, "admin").post(PAGE, upload(company, bundle.content, scope_id=theirs))
    assert answer.status_code == 404
    assert counts(company) == counts(other_company) == (0, 0)
