"""Plans, drift and costs in words."""
