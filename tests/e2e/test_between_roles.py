"""Who may call whom, by the certificate that a caller shows: the services between the roles answer one role each."""

import http.client
import json
import shutil
import ssl

import pytest

from certificates import Authority

# Service: (where it is, its path, the role that it is for)
SERVICES = {"/v1/ensure": ("controllers", "webhook"), "/v1/scan": ("scanners", "controller")}
# What is answered to whom, beside the role that the service is for.
NO_ANSWER, FORBIDDEN = 0, 403
STRANGERS = {"somebody of our authority": FORBIDDEN, "a name that begins as the right one": FORBIDDEN,
             "the right name by another authority": NO_ANSWER, "somebody without a certificate": NO_ANSWER}
ROLES = ("webhook", "controller", "scanner")
CALLERS = [(service, who) for service in SERVICES for who in (*ROLES, *STRANGERS)]


@pytest.fixture(scope="module")
def certificates(system, tmp_path_factory):
    """{(service, who): (certificate, key) or None}"""
    folder = system.roles.certificates
    own = {role: (f"{folder}/{role}/tls.crt", f"{folder}/{role}/tls.key") for role in ROLES}
    ours, another = (str(tmp_path_factory.mktemp(name)) for name in ("ours", "another"))
    for name in ("ca.crt", "ca.key"):
        shutil.copy(f"{folder}/{name}", ours)
    found = {}
    for service, (_, right) in SERVICES.items():
        issued = {"somebody of our authority": Authority(ours).issue_client("stranger", "/CN=stranger"),
                  "a name that begins as the right one": Authority(ours).issue_client(f"{right}-2", f"/CN={right}-2"),
                  "the right name by another authority": Authority(another).issue_client(right, f"/CN={right}"),
                  "somebody without a certificate": None}
        found.update({(service, who): pair for who, pair in {**own, **issued}.items()})
    return found


def _post(system, role, path, body, certificate):
    """The status of the answer, 0 where the handshake brings none."""
    context = ssl.create_default_context(cafile=system.roles.ca_file)
    if certificate:
        context.load_cert_chain(*certificate)
    connection = http.client.HTTPSConnection("127.0.0.1", role.port, timeout=30, context=context)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        return connection.getresponse().status
    except (ssl.SSLError, ConnectionError):
        return NO_ANSWER
    finally:
        connection.close()


@pytest.mark.parametrize("service,who", CALLERS, ids=[f"{service} by {who}" for service, who in CALLERS])
def test_a_service_between_roles_answers_the_role_that_it_is_for(system, certificates, namespace, service, who):
    where, right = SERVICES[service]
    pushed = system.push()
    # Each is a whole question: whoever is let in is answered it.
    body = {"/v1/ensure": {"references": [pushed.tagged], "namespace": namespace, "serviceAccount": "default", "imagePullSecrets": []},
            "/v1/scan": {"image": pushed.pinned, "platforms": [], "credentials": []}}[service]
    before = len(system.registry.requests())
    status = _post(system, getattr(system.roles, where)[0], service, body, certificates[(service, who)])
    if who == right:
        assert status == 200
        system.cluster.wait_until(lambda: system.registry.requests(before, of=pushed.repository), 30, "the registry was asked")
        return
    assert status == (FORBIDDEN if who in ROLES else STRANGERS[who])
    assert system.registry.requests(before, of=pushed.repository) == [], "nothing was done"
    assert system.scan(pushed.scan_name) is None
