"""The demo company: plausible, always the same, made through the product's own operations."""
