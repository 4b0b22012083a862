"""Admission: what a cluster adds to a valid object, and what it refuses."""
