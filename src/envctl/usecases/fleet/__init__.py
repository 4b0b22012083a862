"""Runs shared by many CI jobs: matrix, shard and collect."""
