"""Management commands of corrections."""
