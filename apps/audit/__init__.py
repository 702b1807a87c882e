"""The audit log: reading, filtering and exporting what the event log holds."""
