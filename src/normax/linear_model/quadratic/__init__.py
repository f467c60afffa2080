"""Compiled minimisers of quadratics with an L1, box, group or chain penalty, and the growing blocks of products they
work on."""
