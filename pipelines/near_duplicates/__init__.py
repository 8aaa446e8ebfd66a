"""Signatures -> marks: the stages of `pipelines.deduplicate`, on columns of numbers alone."""
