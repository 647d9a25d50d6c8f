"""nginx and HAProxy in front of a host, each as its package gives it, configured by the examples for admins."""
import contextlib
import pathlib
import socket
import subprocess

from tests.support.waiting import wait_until

EXAMPLES = pathlib.Path(__file__).parents[2] / "config" / "examples"
# What nginx wants around a server block, in a folder of its own.
NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{server}
}}
"""


def replaced(text, old, new):
    assert text.count(old) == 1, f"{old} stands {text.count(old)} times in the example"
    return text.replace(old, new)


def nginx_config(folder, port, upstream):
    server = replaced((EXAMPLES / "nginx-in-front.conf").read_text(), "listen 80;", f"listen 127.0.0.1:{port};")
    return NGINX.format(folder=folder, server=replaced(server, "192.0.2.10:8080", upstream))


def canary_config(folder, port, upstream, ndes, canary):
    """As `nginx_config`, from the example that sends only the addresses in `canary` ("" for none) to `upstream`."""
    text = (EXAMPLES / "nginx-canary.conf").read_text()
    line, = (line for line in text.splitlines() if line.startswith("    198.51.100.0/24 "))
    text = replaced(text, line, f"    {canary} http://{upstream};" if canary else "")
    text = replaced(replaced(text, "listen 80;", f"listen 127.0.0.1:{port};"), "192.0.2.20;", f"{ndes};")
    return NGINX.format(folder=folder, server=text)


def haproxy_config(_folder, port, upstream):
    text = replaced((EXAMPLES / "haproxy-in-front.cfg").read_text(), "bind :443", f"bind 127.0.0.1:{port}")
    return replaced(text, "192.0.2.10:8443", upstream)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def accepts(port, process, log):
    assert process.poll() is None, log.read_text()
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


@contextlib.contextmanager
def proxy(kind, folder, upstream, **options):
    """The address of a running proxy: "127.0.0.1:PORT"."""
    folder = pathlib.Path(folder)
    port, log = free_port(), folder / f"{kind}.output"
    config = folder / f"{kind}.conf"
    configs = {"nginx": nginx_config, "canary": canary_config, "haproxy": haproxy_config}
    config.write_text(configs[kind](folder, port, upstream, **options))
    command = ["/usr/sbin/nginx", "-c", config, "-p", folder] if kind != "haproxy" else ["/usr/sbin/haproxy", "-f", config, "-db"]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        wait_until(lambda: accepts(port, process, log))
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
