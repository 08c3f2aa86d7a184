"""Results as rows, and rows as tables."""
