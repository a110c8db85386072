"""How much there is per square kilometre, and how far that hangs on a choice."""
