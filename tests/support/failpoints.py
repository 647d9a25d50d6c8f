"""The named places at which a build with failpoints kills itself."""
import re
import subprocess
import tempfile

import pytest

#: Begins the names of those that only `certspan journal rotate-key` passes.
ROTATION = "rotate."
#: Of those that only a swap of plugins passes.
SWAP = "swap."
#: Of those that only a pipeline with a `deliver` step passes.
DELIVERY = "deliver."
#: Of those that only an order of revocation passes.
REVOCATION = "revoke."


def names_in(program):
    """The names that are compiled into the program, from its ELF section, so that no point can be forgotten."""
    with tempfile.NamedTemporaryFile() as section:
        subprocess.run(["objcopy", "-O", "binary", "--only-section=certspan_failpoints", program, section.name],
                       capture_output=True, check=True)
        return sorted({name.decode() for name in re.findall(rb"[a-z0-9_.]+", section.read())})


def parametrize_points(metafunc, wanted):
    """Runs a test that takes `point` once for each name of the build's that `wanted` takes."""
    if "point" not in metafunc.fixturenames:
        return
    program = metafunc.config.rootpath / metafunc.config.getoption("--build") / "bin" / "certspan"
    names = [name for name in names_in(program) if wanted(name)] if program.exists() else []
    metafunc.parametrize("point", names or [pytest.param("none", marks=pytest.mark.skip(
        reason="the build has no failpoints: use the preset 'faults'"))])
