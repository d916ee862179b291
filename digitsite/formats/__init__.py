"""How moments are written, by language; Django looks for a module of each here."""
