"""Commands of versions."""
