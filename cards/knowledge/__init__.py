"""The treatment knowledge as data, and its loader."""
