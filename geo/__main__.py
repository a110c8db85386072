"""Run the command: python -m geo."""

from geo.cli import main

main()
