"""Rollouts: shift traffic in steps, watch alarms and checks, and restore the traffic on failure."""
