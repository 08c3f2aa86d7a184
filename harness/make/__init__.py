"""What the Makefile calls before there is an environment: nothing here but the standard library."""
