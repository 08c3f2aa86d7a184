"""Networks stated without any framework: layers, recipe, NumPy reference, layout."""
