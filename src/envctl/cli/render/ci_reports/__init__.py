"""Results of guards, checks and drift detection as JUnit XML and SARIF."""
