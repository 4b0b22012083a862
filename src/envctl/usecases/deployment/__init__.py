"""Apply, promote, rollback, destroy and verify, and the stages that they share."""
