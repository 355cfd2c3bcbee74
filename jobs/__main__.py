"""`python -m jobs` is the command `shouwang`."""

from jobs.cli import main

main()
