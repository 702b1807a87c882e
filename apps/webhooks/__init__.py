"""Webhooks: what happens in a company, told to other systems as it happens."""
