"""Statistics on whole runs: one started job is one sample. docs/method.md says why."""
