"""A torch module in memory, turned into a normax module of the same classes."""
