"""What a person should know: their inbox."""
