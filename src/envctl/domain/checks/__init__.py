"""Checks of a deployment: probes, and assertions on outputs."""
