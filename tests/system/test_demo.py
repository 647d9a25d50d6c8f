"""The demonstrations that `./dev demo` gives."""
import os
import tempfile

from tests.system.demo_intune import intune_demo


def test_a_device_of_a_simulated_tenant_goes_from_its_profile_to_its_revocation(build_dir, capsys, monkeypatch):
    # A control socket's path may have 107 bytes at most.
    with tempfile.TemporaryDirectory(prefix="certspan-") as place:
        os.chmod(place, 0o755)
        monkeypatch.setattr("tempfile.tempdir", place)
        assert intune_demo(build_dir) == 0
    said = capsys.readouterr().out
    for words in ("issued: ", "told Intune: ", "openssl ocsp: good", "openssl ocsp: revoked", "uploaded: success", "revoked: cessation_of_operation"):
        assert words in said, words
