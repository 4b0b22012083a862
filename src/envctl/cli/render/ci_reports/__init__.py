"""What guards, checks and looks have found, as the reports that systems of CI read: JUnit, and SARIF."""
