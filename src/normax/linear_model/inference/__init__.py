"""Doubt about coefficients: intervals and p-values of penalised fits, and selections with an error rate."""
