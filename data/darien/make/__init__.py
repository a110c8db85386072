"""How the base layers of the Darién are made from registry packages."""
