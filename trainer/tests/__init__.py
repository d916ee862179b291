"""Tests of the trainer; they make their own tiny data."""
