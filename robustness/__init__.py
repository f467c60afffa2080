"""What must hold whatever happens: faults injected into runs (`robustness.faults`), hostile files read (`robustness.fuzz`).

`make faults` and `make fuzz` run trials on seeded schedules, print counts, and for every failure the line that repeats it.
"""
