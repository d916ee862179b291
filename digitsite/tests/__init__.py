"""Tests of the wiring, most of them against real processes."""
