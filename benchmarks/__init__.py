"""Measures the running product from outside: real handwriting, real sockets, real processes.

Nothing of the product imports anything from here.
"""
