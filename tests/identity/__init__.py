"""Tests of sign-in, sessions, tokens and the bootstrap."""
