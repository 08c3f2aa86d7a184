"""Recipes of generated data: the same bytes on every machine."""
