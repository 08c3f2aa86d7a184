"""Runs inside every image: one job in, one result out. Imports nothing of harness/."""
