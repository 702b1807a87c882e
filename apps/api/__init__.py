"""The REST shell: authentication, problems, pagination, throttling and the schema."""
