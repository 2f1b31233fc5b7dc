"""One file per revision, the number first."""
