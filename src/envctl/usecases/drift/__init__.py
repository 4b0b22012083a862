"""Detection, recording and repair of drift."""
