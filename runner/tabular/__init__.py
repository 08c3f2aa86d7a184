"""Models of tables of data that are no networks, stated without any tool."""
