"""One penalised linear model as solvers are handed it: design, loss, response, and what the penalty charges at a
strength."""
