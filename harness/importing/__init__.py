"""Results of other machines, taken into a store."""
