"""The traffic of stacks with a rollout, and its rendering into root modules."""
