"""Synthetic documents of the ten sources: a grammar of German medical prose and writers of raw formats.

All that a document holds is invented; a document is a function of the seed, its source and its number.
"""
