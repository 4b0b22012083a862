"""Where the code is hosted: pull requests and issues. So far that is GitHub, and servers that speak as it does."""
