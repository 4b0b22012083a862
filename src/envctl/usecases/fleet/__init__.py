"""One run that many CI jobs share: matrix, shard and collect."""
