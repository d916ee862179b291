"""The whole loop in a real browser."""
