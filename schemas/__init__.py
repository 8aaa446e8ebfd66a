"""The nouns: what a document, a shard, a statistic, a manifest and a score are."""
