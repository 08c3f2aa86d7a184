"""``benchdl history``: each configuration over time, its changes, and what changed beside them."""
