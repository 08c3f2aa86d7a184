"""``python -m benchdl``: the command ``benchdl``."""

from harness.cli.main import main

main()
