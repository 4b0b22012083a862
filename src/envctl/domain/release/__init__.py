"""What a release holds, the root modules that envctl renders from it, and what differs between two releases."""
