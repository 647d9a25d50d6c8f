"""Options of every Python test: which build is tested, and how many of the long tests run. Hosts that are always taken down."""
import pathlib
import random

import pytest

from tests.support.host import Host
from tests.tenant.server import Tenant


def pytest_addoption(parser):
    parser.addoption("--build", default="build/dev", help="build folder whose programs are tested")
    parser.addoption("--isolation", choices=("in_process", "process"), default="process",
                     help="where the plugins of each test's connectors run, unless the test says")
    parser.addoption("--long", choices=("off", "sample", "all"), default="off", help="tests marked 'long'")
    parser.addoption("--seed", type=int, default=None, help="of the sample and of tests that take chances")
    parser.addoption("--soak", type=int, default=600, help="seconds of each soak that is a long test")
    parser.addoption("--sample", type=int, default=5, help="how many long tests a sample takes")


def pytest_configure(config):
    if config.getoption("--seed") is None:
        config.option.seed = random.SystemRandom().randrange(1 << 32)


def pytest_report_header(config):
    long, seed = config.getoption("--long"), config.getoption("--seed")
    isolation = config.getoption("--isolation")
    return f"build: {config.getoption('--build')}, isolation: {isolation}, long tests: {long}, repeat with --seed {seed}"


def pytest_collection_modifyitems(config, items):
    long_tests = [item for item in items if "long" in item.keywords and not item.get_closest_marker("skip")]
    mode = config.getoption("--long")
    if mode == "all":
        return
    keep = []
    if mode == "sample":
        count = min(config.getoption("--sample"), len(long_tests))
        keep = random.Random(config.getoption("--seed")).sample(long_tests, count)
        dropped = [item for item in items if item not in keep]
    else:
        dropped = [item for item in items if "long" in item.keywords]
    config.hook.pytest_deselected(items=dropped)
    items[:] = [item for item in items if item not in dropped]


def pytest_terminal_summary(terminalreporter):
    lines = [f"{report.location[2]}: {figure}" for outcome in ("passed", "failed")
             for report in terminalreporter.stats.get(outcome, []) for name, figure in report.user_properties if name == "figure"]
    if lines:
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture
def tell_figure(record_property):
    """tell_figure(text): what a test has measured, for the summary at the end."""
    return lambda text: record_property("figure", text)


@pytest.fixture(scope="session")
def build_dir(request):
    """The build under test: bin/certspan and plugins/*.so."""
    return (pathlib.Path(request.config.rootpath) / request.config.getoption("--build")).resolve()


@pytest.fixture(scope="session")
def soak_seconds(request):
    """How long a soak lasts that is marked 'long'."""
    return request.config.getoption("--soak")


@pytest.fixture(scope="session")
def seed(request):
    """Of this run; tests that take chances take them from random.Random(seed)."""
    return request.config.getoption("--seed")


@pytest.fixture
def make_host(build_dir, tmp_path, request):
    """make_host("name", "--ca-key", "p256"): an initialised host, not yet started. Stopped after the test, whatever happened."""
    hosts = []

    def make(name="host", *options, environment=None):
        host = Host(build_dir, tmp_path / name, environment, request.config.getoption("--isolation")).init(*options)
        hosts.append(host)
        return host

    yield make
    for host in hosts:
        host.kill()


@pytest.fixture
def host(make_host):
    """A running host with the configuration of `certspan init`."""
    return make_host().start()


@pytest.fixture
def tenant():
    """A simulated tenant of Intune that does what it should, until the test says otherwise."""
    with Tenant() as running:
        yield running
