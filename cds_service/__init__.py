"""HTTP, security, storage and command line. Knows no drug."""
