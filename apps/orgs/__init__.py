"""Company, organizations, teams and projects; users, agents, memberships and roles."""
