"""FHIR JSON to typed facts."""
