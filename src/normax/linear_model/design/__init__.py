"""The data as solvers read them: X as an operator, its products and moments, what is worth forming, and the checks
before any work."""
