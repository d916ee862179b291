"""Tests of the review screen in a real browser."""
