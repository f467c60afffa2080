"""Any smooth loss: Newton steps on a working set."""
