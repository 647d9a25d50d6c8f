"""A host that also carries out what its simulated tenant wants revoked."""
from tests.support.intune import by_secret, settings_of, use_intune


def use_orders(host, tenant, every="1s", sources="[scep]"):
    """Enrolments by the tenant's word, its orders of revocation, and CRLs at /crl."""
    app = use_intune(host, tenant)
    settings = settings_of(tenant, app, by_secret(host, app), more=f", every: {every}")

    def edit(text):
        head, pipelines = text.split("pipelines:\n", 1)
        connector = f"  orders:\n    plugin: intune\n    type: revocation_orders\n    settings: {settings}\n"
        leavers = f"  leavers:\n    source: orders\n    steps:\n      - revoke: [example-ca]\n        sources: {sources}\n" \
                  "        retry: { attempts: 100, backoff: 1ms..50ms }\n" \
                  "      - deliver: orders\n        retry: { attempts: 100, backoff: 1ms..50ms }\n" \
                  "    on_failure:\n      - deliver: orders\n        retry: { attempts: 100, backoff: 1ms..50ms }\n"
        head = head.replace("connectors:\n", f"connectors:\n{connector}", 1)
        return head.replace("path: /scep", "path: /scep\n      crl_path: /crl", 1) + "pipelines:\n" + leavers + pipelines
    host.configure(edit)
    return app


def results_of(tenant):
    """What was uploaded for each order, in their sequence."""
    with tenant.lock:
        return [order.result for order in tenant.orders]
