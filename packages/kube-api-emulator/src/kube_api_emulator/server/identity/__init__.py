"""Users, their requests, and the rules that allow them."""
