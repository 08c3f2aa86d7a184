"""Workloads: one module each, found by its name (see ``lookup``)."""
