"""JAX without a library of layers."""
