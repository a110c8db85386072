"""Arrays and surfaces in, arrays and surfaces out: pure, and blind to files."""
