"""All that a host of several GPUs is asked for, in one call of minutes."""
