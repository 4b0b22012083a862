"""What every HTTP client of envctl shares: which proxy leads to a URL."""
