"""A second RA of a host, made by `certspan ca ra`: in the place of the first, or at an endpoint of its own."""
import yaml


class SecondRa:
    """Certified by the host's CA, whose key is a file while this is made. With a token its own key goes there."""

    def __init__(self, host, hsm=None):
        self.folder = host.directory / "second"
        self.folder.mkdir()
        done = host.run_program("ca", "ra", "--directory", str(self.folder), "--subject", "CN=Second RA",
                                "--ca-certificate", str(host.directory / "ca.pem"), "--ca-key", str(host.directory / "ca.key"))
        assert done.returncode == 0, done.stderr
        self.key = {"key": f"${{file:{self.folder}/ra.key}}"}
        if hsm is not None:
            hsm.take(self.folder / "ra.key", "second")
            self.key = yaml.safe_load(hsm.setting("second"))

    def settings(self):
        return {"certificate_file": str(self.folder / "ra.pem"), **self.key}

    def replace_first(self, text):
        """The endpoint has this RA; the one before goes on for clients that have kept it."""
        document = yaml.safe_load(text)
        endpoint = document["connectors"]["scep"]["settings"]
        endpoint["ra"] = {**self.settings(), "previous": [endpoint["ra"]]}
        return yaml.safe_dump(document, sort_keys=False)
