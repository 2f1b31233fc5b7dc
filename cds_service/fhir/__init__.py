"""The EHR's FHIR server: which may be asked, how it is asked, and what happens when it does not answer."""
