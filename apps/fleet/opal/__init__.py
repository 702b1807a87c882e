"""The wire of stock OPAL clients: what they ask and tell, and what they are told."""
