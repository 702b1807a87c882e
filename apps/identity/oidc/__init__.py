"""OpenID Connect: several identity providers at once, each held to the letter."""
