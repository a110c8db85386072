"""Where tracks move: surfaces, outlines, centre lines, routes and who is on them."""
