"""Strokes in, calibrated probabilities out, and which model version is serving."""
