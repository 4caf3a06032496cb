"""Setting up from nothing: system packages, environments, speech models, the trained mind.

Runs with the machine's own Python before any environment exists, so all it imports is the standard
library and modules that do the same.
"""

import sys

if sys.version_info[:2] != (3, 11):  # before anything an older Python could not read
    sys.exit(
        f"Fireside needs Python 3.11 and this is {sys.version.split()[0]}. Install python3.11, "
        "or say where it is: make run PYTHON=/path/to/python3.11"
    )
