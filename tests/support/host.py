"""A real Certspan host for tests: a directory with a configuration, the process, and its command line."""
import json
import os
import pathlib
import re
import signal
import subprocess
import time

START_LIMIT_S = 60
STOP_LIMIT_S = 60


class HostError(RuntimeError):
    """The host did not do what a test needs; the message holds its log."""


IN_HOST = "isolation: in_process"
CA_KEY_IN_HOST = "  danger_ca_key_in_host: true\n"


def put(text, isolation):
    """The configuration with each connector where `isolation` says."""
    text = text.replace(f"    {IN_HOST}\n", "").replace(f"{IN_HOST}, ", "").replace(CA_KEY_IN_HOST, "")
    if isolation == "process":
        return text
    text = text.replace("    plugin: ", f"    {IN_HOST}\n    plugin: ").replace("{ plugin: ", f"{{ {IN_HOST}, plugin: ")
    return text.replace("\nhost:\n", "\nhost:\n" + CA_KEY_IN_HOST, 1)


class Host:
    """One configuration directory and the host that serves it.

    `configure(text -> text)` edits the YAML that `certspan init` wrote. The host listens on port 0; `url` knows the port.
    Each start finds every connector in a worker, or with isolation "in_process" in the host; with None as the file says.
    """

    def __init__(self, build, directory, environment=None, isolation="process"):
        self.program = str(pathlib.Path(build) / "bin" / "certspan")
        self.directory = pathlib.Path(directory)
        self.config = self.directory / "certspan.yaml"
        self.log_path = self.directory.parent / (self.directory.name + ".log")
        self.environment = dict(os.environ, **(environment or {}))
        self.isolation = isolation
        self.process = None
        self.addresses = {}

    # --- set up ---

    def init(self, *options, listen="127.0.0.1:0"):
        done = self.run_program("init", str(self.directory), "--listen", listen, *options)
        if done.returncode != 0:
            raise HostError(f"certspan init failed: {done.stderr}")
        return self

    def configure(self, edit):
        self.config.write_text(edit(self.config.read_text()))
        return self

    @property
    def challenge(self):
        return (self.directory / "challenge").read_text().strip()

    # --- the process ---

    def start(self, environment=None, expect_ready=True, prefix=()):
        """Starts the host and waits until it listens. `prefix`: a command that runs it by exec, in another namespace say."""
        if self.isolation is not None:
            self.configure(lambda text: put(text, self.isolation))
        self.log_path.touch()
        offset = self.log_path.stat().st_size
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*prefix, self.program, "run", "--config", str(self.config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=dict(self.environment, **(environment or {})), start_new_session=True)
        if expect_ready:
            self._wait_until_listening(offset)
        return self

    def _wait_until_listening(self, offset):
        deadline = time.monotonic() + START_LIMIT_S
        listeners = self.config.read_text().split("listeners:", 1)[-1].split("\nplugins:", 1)[0]
        wanted = len(re.findall(r"\baddress:", listeners))
        while time.monotonic() < deadline:
            text = self._log_from(offset)
            found = re.findall(r'listening"?[ ,]"?listener"?[=:]"?([^\s"]+)"?[ ,]"?address"?[=:]"?([^\s"]+)', text)
            if len(found) >= wanted:
                self.addresses = dict(found)
                return
            if self.process.poll() is not None:
                raise HostError(f"the host ended with {self.process.returncode} before it listened:\n{text}")
            time.sleep(0.01)
        raise HostError(f"the host did not listen within {START_LIMIT_S} s:\n{self.log()}")

    def _log_from(self, offset):
        with open(self.log_path, "rb") as log:
            log.seek(offset)
            return log.read().decode(errors="replace")

    def stop(self):
        """SIGTERM; returns the exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process = None

    def wait(self, limit=STOP_LIMIT_S):
        try:
            code = self.process.wait(limit)
        except subprocess.TimeoutExpired as stuck:
            self.kill()
            raise HostError(f"the host did not end within {limit} s:\n{self.log()}") from stuck
        self.process = None
        return code

    def running(self):
        return self.process is not None and self.process.poll() is None

    # --- asking it ---

    def address(self, listener="web"):
        return self.addresses[listener]

    def url(self, path="/scep", listener="web", scheme="http"):
        return f"{scheme}://{self.address(listener)}{path}"

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def run_program(self, *arguments, timeout=120):
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, env=self.environment,
                              stdin=subprocess.DEVNULL, timeout=timeout, check=False)

    def command(self, *arguments):
        """A command on this configuration; its standard output. Raises when it fails."""
        done = self.run_program(*arguments, "--config", str(self.config))
        if done.returncode != 0:
            raise HostError(f"certspan {' '.join(arguments)} failed with {done.returncode}: {done.stderr}")
        return done.stdout

    def json(self, *arguments):
        return json.loads(self.command(*arguments, "--json"))

    def items(self, *arguments):
        return self.json("work", "list", *arguments)["items"]
