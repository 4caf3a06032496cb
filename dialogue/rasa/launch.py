"""Run a command that is killed when its parent dies, however the parent dies (Linux).

    python -I -S launch.py COMMAND [ARGUMENT ...]

The process asks for this itself, so that nothing has to run between fork and exec in the parent,
which has threads. What is asked for survives exec.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h

parent = os.getppid()
if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
    sys.exit(f"The kernel refused PR_SET_PDEATHSIG: {os.strerror(ctypes.get_errno())}.")
if os.getppid() != parent:  # it died in between
    sys.exit("The parent has died.")
os.execv(sys.argv[1], sys.argv[1:])
