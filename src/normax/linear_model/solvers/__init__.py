"""Who follows a path: one ordered table (`strategy`), the solvers it names, and the certificate that judges them
all."""
