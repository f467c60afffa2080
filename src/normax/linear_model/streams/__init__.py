"""Fits of sources of rows, whose rows need not fit in memory."""
