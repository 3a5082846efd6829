"""`python -m streams` is `fenghuo`."""

from streams.cli import main

main()
