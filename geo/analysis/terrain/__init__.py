"""What the ground makes likely, or puts out of reach."""
