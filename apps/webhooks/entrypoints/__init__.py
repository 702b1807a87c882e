"""The doors of webhooks: REST and background work; their pages are among the settings."""
