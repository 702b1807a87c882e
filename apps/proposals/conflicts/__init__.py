"""Whether a proposal was proven to get along with what is in force, and who accepts that not."""
