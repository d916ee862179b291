"""Corrections from the people who draw, and their review."""
