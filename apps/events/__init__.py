"""The log of everything that happened and the outbox that delivers it."""
