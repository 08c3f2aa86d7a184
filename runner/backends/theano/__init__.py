"""Theano's own: its device and its libraries."""
