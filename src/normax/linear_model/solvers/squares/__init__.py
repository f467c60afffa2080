"""Squared error with an L1 part."""
