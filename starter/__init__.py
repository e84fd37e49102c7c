"""Let people in: the HTTP API, the command line, and what an empty house starts with."""
