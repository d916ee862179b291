"""Tests of corrections and their review."""
