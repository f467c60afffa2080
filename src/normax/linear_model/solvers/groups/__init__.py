"""Squared error under groups of features."""
