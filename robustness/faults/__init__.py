"""Faults injected into runs: nothing is lost but the work since the last checkpoint, and what goes on gives the same bits."""
