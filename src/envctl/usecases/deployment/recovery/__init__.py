"""Recovery of an interrupted deployment: inspect, repair and close it."""
