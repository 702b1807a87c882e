"""Review workflow: a change is proposed, decided by somebody else, and applied."""
