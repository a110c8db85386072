"""Where tracks cross: the border, rivers, checkpoints and stations."""
