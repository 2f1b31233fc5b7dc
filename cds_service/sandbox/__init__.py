"""The sandbox: synthetic patients, a FHIR endpoint over them, and a page to try orders on them."""
