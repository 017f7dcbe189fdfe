"""Python imports this at its start where this folder is on PYTHONPATH: jobs of the server then take
`identify` from the folder beside it."""

import sys
from pathlib import Path

if "tf_happywhale.server.jobs.child" in sys.orig_argv:
    import tf_happywhale

    tf_happywhale.__path__.insert(0, str(Path(__file__).parent / "commands"))
