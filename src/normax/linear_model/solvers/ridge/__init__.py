"""Squared error with L2 alone."""
