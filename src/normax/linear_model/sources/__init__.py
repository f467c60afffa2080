"""Rows that need not fit in memory: blocks of a memory map, a Dask collection, Parquet files or a function of yours."""
