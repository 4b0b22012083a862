"""Apply, promote, roll back, destroy and verify an environment, in shared stages."""
