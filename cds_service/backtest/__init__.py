"""The back-test: what the service would have said to every order of a bulk FHIR export."""
