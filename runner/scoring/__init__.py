"""Scores that the judge and the harness compute alike from what a model predicts."""
