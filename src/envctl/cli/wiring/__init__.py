"""The composition root: adapters and the ports that they implement."""
