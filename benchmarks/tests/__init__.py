"""Tests of what the benchmarks compute; they start no server."""
