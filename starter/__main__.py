"""`python -m starter` is the command line `q2c`."""

from starter.cli.app import main

if __name__ == "__main__":
    main()
