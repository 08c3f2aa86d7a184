"""The contract between harness and runner: all that both sides know of each other."""
