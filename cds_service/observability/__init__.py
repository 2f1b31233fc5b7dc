"""Logs, metrics and health, none of which ever hold patient data."""
