"""``benchdl doctor``: what this machine offers, line by line."""
