"""How jobs are started: in containers (``docker``) or on the host (``local``)."""
