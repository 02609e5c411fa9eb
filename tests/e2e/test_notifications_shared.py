"""Two controllers that share an outbox in PostgreSQL: what one had still to tell when it was killed, the other tells; a message
that nobody takes is given up; a full outbox says so, and loses nothing."""

import itertools
import json

import pytest

from bench import fresh_namespace
from making import BAD, build_database, debian_image
from objects import NO_CRITICAL, NOT_ROOT, pod, policy
from postgres import Postgres
from roles import Roles, install
from system import System
from test_notifications import Receiver

_numbers = itertools.count(1)
BOX = "ops"
MOST = 10_000  # kMaxMessagesWaiting in controller/notify/notifier.h


@pytest.fixture(scope="module")
def postgres():
    with Postgres() as running:
        yield running


@pytest.fixture(scope="module")
def receiver():
    with Receiver() as running:
        yield running


@pytest.fixture(scope="module")
def shared(fresh, registry, postgres, receiver, workdir):
    install(fresh)
    folder = workdir / "shared-outbox"
    folder.mkdir()
    (folder / "url").write_text(receiver.url)
    (folder / "notifications.json").write_text(json.dumps({"source": "test", "subscriptions": [
        {"name": BOX, "urlFile": str(folder / "url"), "types": ["verdict.changed"]}]}))
    with Roles(fresh, folder / "roles", build_database(folder / "database"), plain_http=[registry.host]) as roles:
        roles.make_certificates()
        roles.start_scanner()
        for _ in range(2):
            roles.start_controller(flags=("--notifications", folder / "notifications.json"), store_dsn_file=postgres.dsn_file)
        yield System(fresh, registry, roles)


@pytest.fixture
def passing(shared, receiver, postgres):
    """(namespace, images that run in it and pass, what makes them fail)."""
    receiver.statuses = [200]
    cluster, namespace = shared.cluster, fresh_namespace(shared.cluster, f"told-{next(_numbers)}")
    name = f"told-{namespace}"
    cluster.apply(policy(name, NOT_ROOT, namespace=namespace))
    images = [shared.push(debian_image(packages=BAD)) for _ in range(3)]
    for number, image in enumerate(images):
        assert shared.create(pod(f"p{number}", image.tagged, namespace)).returncode == 0
    for image in images:
        cluster.wait_until(lambda i=image: (shared.wait_scan(i.scan_name)["status"].get("verdict"),
                                            shared.scan(i.scan_name)["status"].get("usedBy", {}).get("pods")) == ("Pass", 1), 90,
                           f"{image.tagged} runs and passes")
    cluster.wait_until(lambda: int(postgres.ask(f"SELECT count(*) FROM landwaiter_note WHERE key = '{BOX}/!begun'")) == 1, 90,
                       "the subscription has begun")

    def noted(image):
        return postgres.ask(f"SELECT count(*) FROM landwaiter_note WHERE key = '{BOX}/{image.scan_name}'") == "1"
    cluster.wait_until(lambda: all(noted(image) for image in images), 90, "what stands is noted")
    yield namespace, images, lambda: cluster.apply(policy(name, NOT_ROOT, NO_CRITICAL, namespace=namespace))
    receiver.statuses = [200]
    cluster.kubectl("delete", "scanpolicy", name)


def _waiting(postgres):
    return int(postgres.ask(f"SELECT count(*) FROM landwaiter_message WHERE box = '{BOX}'"))


def _fails(shared, images):
    for image in images:
        shared.cluster.wait_until(lambda i=image: shared.scan(i.scan_name)["status"]["verdict"] == "Fail", 90, "the verdict is there")


def _turns(receiver, image):
    """Ids of the events that say that it fails now, as often as they arrived."""
    return [e["id"] for e in receiver.arrived(image) if e["data"]["verdict"] == {"from": "Pass", "to": "Fail"}]


def test_what_a_killed_leader_had_to_tell_is_told_by_the_next(shared, postgres, receiver, passing):
    _, images, fail = passing
    leader = shared.cluster.wait_until(shared.roles.leader, 60, "one of the two leads")
    (other,) = [c for c in shared.roles.controllers if c is not leader]
    receiver.statuses = [503]
    fail()
    _fails(shared, images)
    shared.cluster.wait_until(lambda: _waiting(postgres) == len(images), 60, "all wait in the outbox")
    waiting = set(postgres.ask(f"SELECT id FROM landwaiter_message WHERE box = '{BOX}'").split())
    leader.kill()
    try:
        receiver.statuses = [200]
        shared.cluster.wait_until(lambda: other.metric("landwaiter_leader") == 1, 90, "the other one leads")
        for image in images:
            shared.cluster.wait_until(lambda i=image: _turns(receiver, i), 90, f"{image.tagged} is told")
        shared.cluster.wait_until(lambda: _waiting(postgres) == 0, 60, "nothing waits any more")
    finally:
        leader.restart()
    told = {id for image in images for id in _turns(receiver, image)}
    assert told == waiting, "the very messages that were queued, each under its id, and no others"


def test_a_message_that_nobody_takes_is_given_up_and_that_is_told(shared, postgres, receiver, passing):
    _, images, fail = passing
    leader = shared.cluster.wait_until(shared.roles.leader, 60, "one of the two leads")
    receiver.statuses = [503]
    fail()
    _fails(shared, images)
    shared.cluster.wait_until(lambda: _waiting(postgres) == len(images), 60, "all wait in the outbox")
    before = leader.metric("landwaiter_notifications_total", result="given_up")
    # Eight days pass for the first of them.
    postgres.ask("UPDATE landwaiter_message SET made = made - 8 * 86400000::bigint WHERE seq = (SELECT min(seq) FROM landwaiter_message)")
    shared.cluster.wait_until(lambda: leader.metric("landwaiter_notifications_total", result="given_up") == before + 1, 120, "it is given up")
    assert "message given up" in leader.process.log()
    (event,) = shared.cluster.wait_until(
        lambda: [e for e in shared.cluster.items("/api/v1/namespaces/default/events") if e["reason"] == "NotificationGivenUp"], 60, "an Event")
    assert event["involvedObject"]["kind"] == "ImageScan" and event["involvedObject"]["name"] in {i.scan_name for i in images}
    assert f"subscription {BOX} was not told" in event["message"] and "hunter2" not in event["message"]
    receiver.statuses = [200]
    shared.cluster.wait_until(lambda: _waiting(postgres) == 0, 120, "the others are told")
    assert sorted(len(set(_turns(receiver, image))) for image in images) == [0, 1, 1]


def test_a_full_outbox_says_so_and_what_changed_meanwhile_is_told_later(shared, postgres, receiver, passing):
    _, images, fail = passing
    leader = shared.cluster.wait_until(shared.roles.leader, 60, "one of the two leads")
    receiver.statuses = [503]
    postgres.ask(f"INSERT INTO landwaiter_message (box, id, made, document) SELECT '{BOX}', 'old-' || n, "
                 f"(extract(epoch FROM now()) * 1000)::bigint, '{{}}' FROM generate_series(1, {MOST}) n")
    shared.cluster.wait_until(lambda: leader.metric("landwaiter_notifications_full") == 1, 60, "it says that it is full")
    assert leader.process.log().count("no room for what changed") >= 1
    fail()
    _fails(shared, images)
    assert _waiting(postgres) == MOST, "no more are made"
    postgres.ask("DELETE FROM landwaiter_message WHERE id LIKE 'old-%'")
    receiver.statuses = [200]
    shared.cluster.wait_until(lambda: leader.metric("landwaiter_notifications_full") == 0, 60, "there is room again")
    assert "there is room again for what changed" in leader.process.log()
    for image in images:
        shared.cluster.wait_until(lambda i=image: len(set(_turns(receiver, i))) == 1, 150, f"{image.tagged} is told all the same")
