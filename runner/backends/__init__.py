"""Backends by family; the module of a backend is named after it (see ``loading``)."""
