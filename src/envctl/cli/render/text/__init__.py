"""Parts of any text: escapes, counts, times, actors, widths in terminal cells, and commands to type next."""
