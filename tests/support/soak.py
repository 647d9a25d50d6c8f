"""Full load for a host that is killed meanwhile, and the reckoning at its end."""
import collections
import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import time

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


END_LIMIT_S = 300
BAD_ANSWERS = ({"drop": "after"}, {"drop": "before"}, {"garbage": "?"})
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class SoakClients:
    """tests/support/soak_clients.cpp: `devices` at a time. Use it in `with`; starts with the host's port."""

    def __init__(self, host, devices, seed):
        self.host, self.devices = host, devices
        self.results = host.directory.parent / "soak_results"
        ra = host.directory.parent / "ra.der"
        certificate = x509.load_pem_x509_certificate((host.directory / "ra.pem").read_bytes())
        ra.write_bytes(certificate.public_bytes(Encoding.DER))
        program = pathlib.Path(host.program).with_name("soak_clients")
        self.process = subprocess.Popen([program, ra, host.challenge, str(devices), str(seed % 2**31), self.results],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        assert self.process.stdout.readline() == "ready\n", self.fault()
        self.tell_port()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()

    def fault(self):
        self.process.kill()
        return self.process.stderr.read() + self.host.log()[-3000:]

    def say(self, words):
        assert self.process.poll() is None, self.fault()
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def tell_port(self):
        self.say("port " + self.host.address().rsplit(":", 1)[1])

    def done(self):
        """How many devices have their certificate."""
        self.say("count")
        return int(self.process.stdout.readline() or "-1")

    def refused(self):
        """How many messages were not answered with what they asked for: turned away, or a broken connection."""
        self.say("refused")
        return int(self.process.stdout.readline() or "-1")

    def pace(self, devices_a_second):
        """From now on so many devices come in all, however long the others take; 0: as many as can."""
        self.say(f"pace {round(self.devices / devices_a_second * 1e6) if devices_a_second else 0}")

    def end(self):
        """Lets everyone finish. Each device's (SHA-256 of its request, of its certificate, milliseconds)."""
        self.say("end")
        assert self.process.wait(END_LIMIT_S) == 0, self.fault()
        with open(self.results, encoding="ascii") as file:
            return [(request, certificate, int(took)) for request, certificate, took, *_ in map(str.split, file)]

    def waits(self):
        """After the end: of each device when it came, on time.monotonic(), and how long it waited, in seconds."""
        with open(self.results, encoding="ascii") as file:
            return [(int(came) / 1e6, int(waited) / 1e6) for _, _, _, came, waited in map(str.split, file)]


def soak(host, outside, clients, chances, seconds, between_kills, kill=None):
    """Kills `host` at random moments and brings it back, while the CA loses and garbles answers. How often it was killed.
    `kill`: by another way than SIGKILL."""
    end, kills = time.monotonic() + seconds, 0
    while True:
        pause = chances.uniform(*between_kills)
        if time.monotonic() + pause > end:
            time.sleep(max(0, end - time.monotonic()))
            return kills
        if outside:
            outside.script(next=[chances.choice(BAD_ANSWERS) for _ in range(2)])
        time.sleep(pause)
        (kill or host.kill)()
        kills += 1
        if chances.random() < 0.3:
            kills += kill_while_it_starts(host, chances)
        host.start()
        clients.tell_port()


def kill_while_it_starts(host, chances):
    host.start(expect_ready=False)
    time.sleep(chances.uniform(0, 0.6))
    host.kill()
    return 1


def ledger_of(outside):
    """SHA-256 of each request → those of the certificates that the CA has made for it."""
    made = collections.defaultdict(list)
    with open(outside.folder / "ledger.jsonl", encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            made[entry["csr_sha256"]].append(hashlib.sha256(bytes.fromhex(entry["certificate"])).hexdigest())
    return made


def reckon(host, outside, results):
    """What is wrong, in words: each device must have the one certificate that the CA has made for it, the journal must know
    all of them, and nothing may be open. Without `outside` there is no ledger but the journal's."""
    received = collections.defaultdict(set)
    for request, certificate, _ in results:
        received[request].add(certificate)
    wrong = [f"a device has {len(certificates)} certificates" for certificates in received.values() if len(certificates) > 1]
    if outside:
        wrong += compare(received, ledger_of(outside))
    wrong += [f"still open: {item}" for item in host.items("--open", "--limit", "1000")]
    journal = host.json("journal", "check")
    wrong += journal["faults"]
    if (journal["finished"], journal["dead"]) != (len(received), 0):
        wrong.append(f"the journal has {journal['finished']} finished items and {journal['dead']} dead letters, "
                     f"there are {len(received)} devices")
    return wrong


def compare(received, made):
    """What devices have received, and what the CA says that it has made."""
    wrong = [f"a request has {len(certificates)} certificates in the CA's ledger"
             for certificates in made.values() if len(certificates) > 1]
    wrong += ["a device's certificate is not in the CA's ledger" for request, certificates in received.items()
              if not certificates <= set(made.get(request, ()))]
    return wrong + ["the CA made a certificate that no device has" for request in made if request not in received]


def told(results, kills, seconds):
    longest = max(took for _, _, took in results)
    median = statistics.median(took for _, _, took in results)
    return (f"{len(results):,} enrolments in {seconds:.0f} s, {kills} kills; from the first message to the certificate "
            f"{median:.0f} ms in the median, {longest / 1000:.1f} s at most")


def compact(host, days_ahead=0):
    """What the data directory of `host`, which is down, takes after `journal compact`, at a clock so many days ahead."""
    clock = pathlib.Path(host.program).parents[1] / "preload" / "shifted_clock.so"
    there = dict(host.environment, LD_PRELOAD=str(clock), CERTSPAN_TEST_DAYS_AHEAD=str(days_ahead))
    subprocess.run([host.program, "journal", "compact", "--config", host.config], env=there, check=True, capture_output=True)
    return directory_bytes(host)


def directory_bytes(host):
    return sum(file.stat().st_size for file in (host.directory / "data").rglob("*") if file.is_file())


def resident_bytes(host):
    return int(pathlib.Path(f"/proc/{host.process.pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES


def memory_growth(host, clients, seconds):
    """Bytes of memory for each item that was done in this time: the slope of the line through (items, bytes)."""
    samples = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        samples.append((clients.done(), resident_bytes(host)))
        time.sleep(0.5)
    return statistics.linear_regression(*zip(*samples)).slope, samples[-1][0] - samples[0][0]
