"""What is asked after a fit: criteria, stability, relaxed fits, collinearity, adaptive factors, the summary."""
