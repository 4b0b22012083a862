"""Deployments, verifications and recoveries as text."""
