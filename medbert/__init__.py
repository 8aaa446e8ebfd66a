"""The reader: trains and evaluates medBERT.de and medBERT.de-dedup on a built corpus."""
