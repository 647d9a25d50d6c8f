"""Fixtures of the interop tests: hosts that are always taken down."""
import pytest

from tests.support.host import Host


@pytest.fixture
def make_host(build_dir, tmp_path):
    """make_host("name", "--ca-key", "p256"): an initialised host, not yet started. Stopped after the test, whatever happened."""
    hosts = []

    def make(name="host", *options, environment=None):
        host = Host(build_dir, tmp_path / name, environment).init(*options)
        hosts.append(host)
        return host

    yield make
    for host in hosts:
        host.kill()


@pytest.fixture
def host(make_host):
    """A running host with the configuration of `certspan init`."""
    return make_host().start()
