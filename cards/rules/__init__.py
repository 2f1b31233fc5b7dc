"""One module per kind of statement, and the context predicates they share."""
