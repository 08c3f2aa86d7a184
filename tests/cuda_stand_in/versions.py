"""Runs in a gpu image: load CUDA's libraries, print which the runner finds and what they report."""

import ctypes
import json
import sys

from runner import libraries

for name in sys.argv[1:]:
    ctypes.CDLL(name)
found = libraries.mapped()
sys.stdout.write(json.dumps({"mapped": found, "versions": libraries.versions(found)}) + "\n")
