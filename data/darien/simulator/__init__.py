"""Walkers and boats on known routes through the Darién: simulated, never real."""
