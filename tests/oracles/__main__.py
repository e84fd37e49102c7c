"""`python -m tests.oracles FILE...`: run the files' cases and say which ones our rules meet."""

import sys

from tests.oracles.runner import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
