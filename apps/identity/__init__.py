"""Who people and programs are: sign-in, sessions, identities and tokens."""
