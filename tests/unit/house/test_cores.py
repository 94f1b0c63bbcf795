"""How many cores a process may use is what the scheduler lets it, not what the machine has."""

import subprocess
import sys

import pytest

from idp.cores import usable_cores


def test_there_is_one_at_least() -> None:
    """This process runs on something."""
    assert 1 <= usable_cores()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux pins processes")
def test_a_pinned_process_has_one() -> None:
    """Pinned to one core, as a container may be."""
    pin = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})"
    code = f"{pin}; from idp.cores import usable_cores; print(usable_cores())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "1\n" == told.stdout
