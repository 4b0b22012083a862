"""Where the code is hosted: GitHub and GitLab, and servers that speak as they do."""
