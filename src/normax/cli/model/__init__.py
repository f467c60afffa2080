"""A fitted model in its folder: written, checked, read back, applied, shown."""
