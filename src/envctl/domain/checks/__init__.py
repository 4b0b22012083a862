"""What proves that a deployment works: probes, and assertions on outputs."""
