"""Published cases of standards, statutes and other systems, put to our public functions.

`python -m tests.oracles FILE...` runs files of the schema `q2c-oracle/1` from any path.
"""
