"""The command line `q2c`: a thin client of the HTTP API, and the commands that run the house."""
