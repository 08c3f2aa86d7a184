"""Images: what is built, what it is built from, and what it holds."""
