"""The sandbox: its server, its proxy, its patches."""
