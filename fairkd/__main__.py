"""`python -m fairkd`: the command line."""

from fairkd.cli import main

if __name__ == "__main__":
    main()
