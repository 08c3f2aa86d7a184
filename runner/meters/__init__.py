"""What the sampler reads, what it writes, and the figures that are made of it."""
