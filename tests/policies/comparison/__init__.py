"""What a change of one policy means beside everything in force."""
