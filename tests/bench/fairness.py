"""Who is well is not slowed down by who is not.

`fairness.sick_neighbour`: enrolments per second of a pipeline whose neighbour in the same host asks a CA that takes orders and
never answers, held against those of a host without that neighbour. The neighbour's clients come again and again.

`fairness.flood`: enrolments per second while somebody sends one request again and again on many connections, held against
those without. `scep.repeat`: what such a repeat costs the host, beyond the HTTP around it.
"""
import contextlib
import pathlib
import tempfile
import threading

from tests.bench.report import bounded, throughput
from tests.bench.scep_enrol import CONNECTIONS, ENROL_MS, SPARE, WARM_UP_MS, WARM_UP_REQUESTS, Spent
from tests.bench.slices import Program, interleave, repeat
from tests.support import scep_messages as scep
from tests.support.configs import add_neighbour
from tests.support.host import Host
from tests.support.outside_ca_process import OutsideCaProcess
from tests.support.scep_client import ScepClient

NAMES = ["fairness.sick_neighbour", "fairness.flood", "scep.repeat"]
SICK_ITEMS, SICK_CLIENTS, SICK_PAUSE_S = 200, 4, 0.05
REPEAT_MS, REPEAT_US = 400, 20
NEVER = [{"before_ms": 3_600_000}]


def run(name, build):
    with tempfile.TemporaryDirectory(prefix="certspan-bench-") as folder:
        measure = {"fairness.sick_neighbour": sick_neighbour, "fairness.flood": flood, "scep.repeat": repeats}[name]
        return [measure(name, build, pathlib.Path(folder))]


class Load:
    """Devices of one host. Use it in `with`."""

    def __init__(self, build, host):
        port = host.address().rsplit(":", 1)[1]
        self.program = Program(build / "bin" / "scep_bench", port, str(host.directory), str(CONNECTIONS))
        self.best = 0.0

    def __enter__(self):
        self.program.__enter__()
        self.program.slice("prepare", WARM_UP_REQUESTS)
        self.rate("enrol", WARM_UP_MS)
        return self

    def __exit__(self, *failure):
        self.program.__exit__(*failure)

    def prepare(self, slices):
        self.program.slice("prepare", int(self.best * ENROL_MS / 1000 * SPARE * slices) + CONNECTIONS)

    def rate(self, name, length_ms=ENROL_MS):
        rate = self.program.rate(name, length_ms)
        self.best = max(self.best, rate)
        return rate


@contextlib.contextmanager
def running(host):
    host.start()
    try:
        yield host
    finally:
        host.stop()


def sick_neighbour(name, build, folder):
    with OutsideCaProcess(folder / "outside") as ca:
        ca.script(always=NEVER[0])
        sick = Host(build, folder / "sick", isolation="in_process").init()
        sick.configure(lambda text: add_neighbour(text, ca.address))
        with running(sick), running(Host(build, folder / "well", isolation="in_process").init()) as well, Load(build, sick) as beside, \
                Load(build, well) as alone, SickClients(sick) as clients:
            def prepare():
                beside.prepare(1)
                alone.prepare(2)

            rounds = interleave(lambda: alone.rate("enrol"), lambda: beside.rate("enrol"),
                                [sick.process.pid, well.process.pid, beside.program.pid, alone.program.pid, ca.process.pid],
                                before_round=prepare)
            left = len(sick.items("--open", "--limit", "1000"))
        note = f"{left} items of the neighbour are open, its clients were put off {clients.put_off} times"
    return throughput(name, "/s", "a host without the neighbour", rounds.pairs, 0.9, rounds.noisy, note)


class SickClients:
    """The neighbour's devices: each has asked once, and some of them ask again all the time."""

    def __init__(self, host):
        self._host = host
        self._stop = threading.Event()
        self.put_off = 0
        self._connections = []
        client = ScepClient(host.url("/neighbour"))
        key = scep.new_rsa_key()
        self._requests = [client.pkcs_req(scep.build_csr(key, f"sick-{number}", challenge=host.challenge), key,
                                          transaction_id=f"sick-{number}").der
                          for number in range(SICK_ITEMS)]
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(SICK_CLIENTS)]

    def _ask(self, first):
        client = ScepClient(self._host.url("/neighbour"))
        mine = self._requests[first::SICK_CLIENTS]
        while not self._stop.is_set():
            for request in mine:
                with contextlib.suppress(OSError):
                    self.put_off += client.post(request).status == 503
                if self._stop.wait(SICK_PAUSE_S):
                    return

    def __enter__(self):
        # A request whose sender has gone is not taken in.
        self._connections = [ScepClient(self._host.url("/neighbour")).begin_post(request) for request in self._requests]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for connection in self._connections:
            connection.close()


def flood(name, build, folder):
    with running(Host(build, folder / "host", isolation="in_process").init()) as host, Load(build, host) as load:
        rounds = interleave(lambda: load.rate("enrol"), lambda: load.rate("flooded"),
                            [host.process.pid, load.program.pid], before_round=lambda: load.prepare(3))
        repeated, _ = load.program.slice("repeated", 0)
    return throughput(name, "/s", "the same without the flood", rounds.pairs, 0.9, rounds.noisy,
                      f"the one request was answered {repeated:,} times meanwhile")


def repeats(name, build, folder):
    with running(Host(build, folder / "host", isolation="in_process").init()) as host, Load(build, host) as load:
        def us_beyond_http():
            caps, repeat_ = Spent(host.process.pid), Spent(host.process.pid)
            caps.rate(load.program, "caps", REPEAT_MS)
            repeat_.rate(load.program, "repeat", REPEAT_MS)
            return max(repeat_.us_each() - caps.us_each(), 0.1)

        measured = repeat(us_beyond_http, [host.process.pid, load.program.pid])
    return bounded(name, "us", REPEAT_US, measured.pairs, measured.noisy,
                   "the host's CPU time for a repeat, without that for a GetCACaps reply")
