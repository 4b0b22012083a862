"""The one door to files that a person may have made: what is opened, and what a disk's refusal means."""
