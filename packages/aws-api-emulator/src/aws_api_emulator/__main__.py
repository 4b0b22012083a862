"""`python -m aws_api_emulator DIRECTORY`: see `server.py`."""

import os
import sys

from aws_api_emulator.server import main

code = main(sys.argv[1:])
sys.stderr.flush()
# Threads may be in a call, but hold no state worth a wait.
os._exit(code)
