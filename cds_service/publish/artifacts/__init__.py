"""The knowledge as FHIR R4: PlanDefinition, Library, ValueSet, ConceptMap, CodeSystem, CapabilityStatement."""
