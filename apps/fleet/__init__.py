"""Cedar agents: who they are, which revision they enforce, how they are told."""
