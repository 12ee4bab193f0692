"""One file a page: read inputs, call fairkd, draw."""
