"""Plans, previews and costs as text."""
