"""The verbs: what is done to documents, on Apache Beam."""
