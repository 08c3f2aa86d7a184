"""How a job comes by its data: found, fetched or generated, verified, and served."""
