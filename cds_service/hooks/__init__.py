"""CDS Hooks over HTTP: discovery, reading requests and prefetch, answering."""
