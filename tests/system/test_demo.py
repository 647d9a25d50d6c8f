"""The demonstrations that `./dev demo` gives."""
import os
import pathlib

from tests.system.demo_intune import intune_demo


def test_a_device_of_a_simulated_tenant_goes_from_its_profile_to_its_revocation(build_dir, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    os.chmod(tmp_path, 0o755)
    assert intune_demo(build_dir) == 0
    said = capsys.readouterr().out
    for words in ("issued: ", "told Intune: ", "openssl ocsp: good", "openssl ocsp: revoked", "uploaded: success", "revoked: cessation_of_operation"):
        assert words in said, words
    assert [each.name for each in pathlib.Path(tmp_path).iterdir() if each.name.startswith("certspan-demo-")]
