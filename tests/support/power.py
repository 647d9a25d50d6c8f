"""A whole host on a disk that keeps only what was synced, and whose power can be cut (tests/support/power_cut.cpp)."""
import os
import pathlib
import shutil
import signal


class Power:
    """Under `host`, as long as it is started by `start`. `sync`: False turns SQLite's syncs off."""

    def __init__(self, host, chances, sync=True):
        self.host = host
        self.chances = chances
        self.fifo = host.directory.parent / "power"
        self.cuts = 0
        os.mkfifo(self.fifo)
        build = pathlib.Path(host.program).parents[1]
        host.environment.update(LD_PRELOAD=str(build / "preload" / "power_cut.so"), CERTSPAN_TEST_POWER=str(self.fifo))
        if not sync:
            host.environment.update(CERTSPAN_TEST_UNSYNCED="1")

    def cut(self, when=None, kept=None):
        """Now, or in the middle of the next sync; keeps nothing, all or some of what was not synced. Left to chance if not
        given. What the disk holds then takes the place of the journal."""
        when = when or self.chances.choice(("now", "sync"))
        kept = kept or self.chances.choice(("nothing", "all", "some"))
        held = self.host.directory.parent / f"held-{self.cuts}"
        held.mkdir()
        with open(self.fifo, "w", encoding="ascii") as fifo:
            fifo.write(f"{when} {kept} {self.chances.randrange(2**31)} {held}\n")
        assert self.host.wait() == -signal.SIGKILL
        self.cuts += 1
        data = self.host.directory / "data"
        for file in data.glob("journal.db*"):
            file.unlink()
        for file in held.iterdir():
            shutil.move(file, data / file.name)
