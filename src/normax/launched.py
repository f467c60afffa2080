"""What a launcher and the processes that it starts have to agree on: variables of the environment, and an exit code."""

__all__ = ["COORDINATOR", "COUNT", "INDEX", "LOST"]

COORDINATOR, COUNT, INDEX = "JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID"
"""By which `normax launch`, or a script of your own, says what no cluster says."""

LOST = 75
"""Exit code of a process that ends because another one failed: sysexits.h's "try again later"."""
