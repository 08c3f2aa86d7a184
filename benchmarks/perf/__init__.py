"""What benchdl itself costs, and how near each backend is to the fastest: ``make perf``."""
