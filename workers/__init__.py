"""Wire everything and run it: settings, connection, embedded server, supervision, diagnosis."""
