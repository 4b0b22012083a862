"""Modules from elsewhere: fetched where a release is made."""
