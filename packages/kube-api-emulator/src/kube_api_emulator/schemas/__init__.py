"""The types of Kubernetes' own kinds, and the check of an object against them. No other package is needed."""
