"""Lines, columns, times and commands, as every text for a terminal needs them."""
