"""``benchdl compare``: two sides, and a verdict where there can be one."""
