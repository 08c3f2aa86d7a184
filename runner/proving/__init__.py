"""What is proven of an image once: a few updates, compared with NumPy's."""
