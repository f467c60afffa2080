"""Held-out errors of every fold and strength, and what folds can share."""
