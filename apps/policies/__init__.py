"""Cedar authoring and decisions: policies, their versions, revisions and the decision point."""
