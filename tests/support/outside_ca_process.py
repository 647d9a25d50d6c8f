"""Starts tests/support/outside_ca.py, scripts it and reads its ledger."""
import json
import pathlib
import socket
import subprocess

PROGRAM = pathlib.Path(__file__).with_name("outside_ca.py")


class OutsideCaProcess:
    """A running outside CA; use it in a `with` statement. After `kill` it can be started again on the same port, with
    the same keys and ledger; orders that were pending are forgotten, as is the script. Between the two nobody else gets
    the port: we hold it all along, without listening. Without `sync` its ledger outlives its process, not a power cut."""

    def __init__(self, folder, root=None, key="ec", days=365, sync=True):
        self.folder = pathlib.Path(folder)
        self.arguments = ["--dir", str(folder), "--key", key, "--days", str(days)]
        if not sync:
            self.arguments.append("--no-sync")
        if root is not None:
            self.arguments += ["--root", str(root)]
        self.place = socket.socket()
        self.place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.place.bind(("127.0.0.1", 0))
        self.port = self.place.getsockname()[1]
        self.process = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.place.close()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        command = ["/usr/bin/python3", str(PROGRAM), *self.arguments, "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError("the outside CA did not start")

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def ask(self, op, **arguments):
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(json.dumps({"op": op, **arguments}).encode() + b"\n")
            with connection.makefile() as answers:
                return json.loads(answers.readline())

    def script(self, next=None, always=None, lookup=None):  # pylint: disable=redefined-builtin
        """See outside_ca.py. What is not given stays as it is."""
        given = {"next": next, "always": always, "lookup": lookup}
        self.ask("script", **{name: value for name, value in given.items() if value is not None})

    def asked(self, op):
        """How often it was asked that since it started."""
        return self.ask("asked")["asked"].get(op, 0)

    def ledger(self):
        """One entry for each certificate ever issued."""
        with open(self.folder / "ledger.jsonl", encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def issued_twice(self):
        """Keys that have more than one certificate: must be empty."""
        keys = [entry["key"] for entry in self.ledger()]
        return sorted({key for key in keys if keys.count(key) > 1})
