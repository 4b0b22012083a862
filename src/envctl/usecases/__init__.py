"""What happens, in order: one verb a file, the world behind the Protocols of `ports`."""
