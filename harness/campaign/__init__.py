"""Campaigns: jobs in shuffled blocks, their records, and how they are resumed."""
