"""Worlds with a log to bill; how they are written down is in a module beside this file."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
