"""What the service keeps: cards issued, feedback, the audit trail, tokens seen. Keyed hashes, no patient data."""
