"""Hostile files: never executed, never half-loaded, never able to write elsewhere, never a traceback, and soon done."""
