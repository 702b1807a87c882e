"""What can go wrong with a local service, in words for the person at the terminal."""


class ServiceError(RuntimeError):
    """A local service cannot run; the message says why and what to do."""


class AlreadyRunningError(ServiceError):
    """Somebody else holds the lock on this state."""


class PasswordRefusedError(ServiceError):
    """The server runs but does not know the password kept in the state folder."""
