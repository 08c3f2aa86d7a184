"""One module per verb of the command ``benchdl``; each a thin face of a function elsewhere."""
