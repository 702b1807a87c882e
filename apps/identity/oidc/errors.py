"""Why a sign-in at a provider came to nothing."""

from apps.kernel.errors import DomainError, Unavailable


class SignInFailed(DomainError):
    """The provider's answer cannot be trusted, or does not let this person in."""

    code = "sign_in_failed"
    title = "You could not be signed in"
    status = 403


class BadToken(SignInFailed):
    """A token is malformed, forged, out of date or meant for somebody else."""

    code = "bad_token"


class ProviderUnavailable(Unavailable):
    """The provider does not answer, or not in a way that can be understood."""

    code = "provider_unavailable"
    title = "The identity provider does not answer"
