"""Colors, traffic and steps of a rollout."""
