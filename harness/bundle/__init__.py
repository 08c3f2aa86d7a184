"""Bundles: one file that holds a campaign and all it takes to check it or to run it again.

contents ──► archive (canonical tar) ──► reading (verified) ──► replay: tables and report
                                                            └─► rerun: the same jobs, the verdict

docs/bundles.md describes the format for those who read it without benchdl.
"""
