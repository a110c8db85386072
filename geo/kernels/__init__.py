"""Compiled inner loops, and nothing else: arrays in, arrays out."""
