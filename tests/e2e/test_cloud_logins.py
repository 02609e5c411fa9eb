"""Private images of the clouds' registries: the controller logs in as the identity that its pod has there, and the scanner
pulls by that login. Real roles on the real API server and docker-registry; the clouds' names and services are clouds.py's,
which the roles reach by HTTPS_PROXY as any proxy, with an authority of --registry-ca."""

import pytest

from clouds import ACR, DIRECTORY, ECR, ECR_API, GAR, GOOGLE, STS, Clouds
from making import BAD, CRITICAL, debian_image
from objects import NO_CRITICAL, TOKEN_USERS, pod, policy
from registry import Registry
from system import Pushed

PASSWORDS = {"AWS": "of-ecr-hunter2", "oauth2accesstoken": "of-google-hunter2"}
# Cloud: its registry's name, and whom a login asks.
CLOUDS = {"ecr": (ECR, [STS, ECR_API]), "gar": (GAR, [GOOGLE]), "acr": (ACR, [DIRECTORY, ACR])}


@pytest.fixture(scope="module")
def password_registry(workdir):
    """As ECR's and Google's: a user and a password (docker-registry with htpasswd)."""
    with Registry(workdir / "cloud-registry", PASSWORDS, name="cloud-registry") as running:
        yield running


@pytest.fixture(scope="module")
def clouds(workdir, password_registry, token_registry):
    """Azure's hands out tokens for an identity token."""
    made = Clouds(workdir / "clouds", {
        ECR: (password_registry.port, PASSWORDS["AWS"]), GAR: (password_registry.port, PASSWORDS["oauth2accesstoken"]),
        ACR: (token_registry.port, TOKEN_USERS["team"][0])})
    yield made
    made.stop()


@pytest.fixture(scope="module")
def way(clouds, token_registry, workdir):
    """What roles need to come to the clouds at all: (flags, environment)."""
    bundle = workdir / "clouds" / "bundle.pem"
    bundle.write_text("".join(open(path, encoding="ascii").read() for path in (clouds.ca_file, token_registry.ca_file)))
    return {"--registry-ca": bundle}, {"HTTPS_PROXY": clouds.proxy}


def _create(system, image, namespace, name):
    done = system.create(pod(name, image, namespace))
    assert done.returncode != 0, "it was let in"
    return done.stderr


# Admission pitfall 61.
@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_private_image_is_scanned_by_the_controller_s_own_login_and_not_without_it(
        system, clouds, way, password_registry, token_registry, namespace, cloud):
    host, asked = CLOUDS[cloud]
    flags, environment = way
    registry = token_registry if cloud == "acr" else password_registry
    before, after = (Pushed(registry, debian_image(BAD), repository=f"team/{cloud}-{n}") for n in range(2))
    named = [f"{host}/{pushed.repository}:1" for pushed in (before, after)]
    system.enforce(namespace, policy(f"cloud-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    controller, scanner = system.roles.controllers[0], system.roles.scanners[0]
    first = len(clouds.services())
    with scanner.started_with(flags, environment):
        with controller.started_with(flags, {**environment, **clouds.workload(cloud)}):
            assert "PullUnauthorized" in _create(system, named[0], namespace, "without")
            assert clouds.services()[first:] == [], "nobody was asked for a login"
        with controller.started_with({**flags, "--cloud-credentials": cloud}, {**environment, **clouds.workload(cloud)}):
            # A busy scanner may take longer than a pod waits.
            system.cluster.wait_until(lambda: CRITICAL in _create(system, named[1], namespace, "with"), 90, f"denied for {CRITICAL}")
            scan = system.wait_scan(after.scan_name)
    assert scan["spec"].get("pullSecrets", []) == [], "no Secret had a part in it"
    assert scan["status"]["vulnerabilities"]["critical"] == 1
    assert clouds.services()[first:] == [(service, 200) for service in asked], "one login serves resolver and scanner"
    assert [s for s in clouds.secrets() if s in system.roles.logs()] == []


# A pod of another cloud's identity, or of none.
def test_a_login_that_is_refused_is_said_and_the_image_is_not_pulled(system, clouds, way, password_registry, namespace):
    flags, environment = way
    pushed = Pushed(password_registry, debian_image(BAD), repository="team/refused")
    system.enforce(namespace, policy(f"cloud-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    controller, scanner = system.roles.controllers[0], system.roles.scanners[0]
    stranger = {**clouds.workload("ecr"), "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/another"}
    with scanner.started_with(flags, environment), \
            controller.started_with({**flags, "--cloud-credentials": "ecr"}, {**environment, **stranger}):
        assert "PullUnauthorized" in _create(system, f"{ECR}/{pushed.repository}:1", namespace, "p")
        assert clouds.services()[-1] == (STS, 403)
        assert "no login at a cloud's registry" in controller.process.log()
    assert system.scan(pushed.scan_name) is None
