"""Devices that pods can ask for: slices of them, requests and claims (pkg/apis/resource/validation)."""
