"""What is sealed is read again only with its purpose and key."""

import pytest

from apps.kernel.errors import ProgrammingError
from apps.kernel.sealing import seal, unseal


def test_what_is_sealed_is_read_again_and_hidden_meanwhile():
    sealed = seal("whsec_abc", purpose="webhook.1")
    assert "whsec" not in sealed
    assert unseal(sealed, purpose="webhook.1") == "whsec_abc"
    assert seal("whsec_abc", purpose="webhook.1") != sealed


def test_what_is_sealed_for_one_is_nothing_to_another():
    sealed = seal("whsec_abc", purpose="webhook.1")
    with pytest.raises(ProgrammingError, match="under a key that is gone"):
        unseal(sealed, purpose="webhook.2")


def test_an_old_key_reads_while_it_is_a_fallback(settings):
    sealed = seal("whsec_abc", purpose="webhook.1")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]
    assert unseal(sealed, purpose="webhook.1") == "whsec_abc"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(ProgrammingError):
        unseal(sealed, purpose="webhook.1")
