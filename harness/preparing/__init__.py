"""From what others published to a dataset's files, in integer arithmetic: the same everywhere."""
