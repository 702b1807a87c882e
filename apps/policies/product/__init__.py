"""The Cedar schema and policies that decide what people may do in the portal itself."""
