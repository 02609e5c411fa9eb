"""A registry that asks for a pause: all scans keep it, not only the one that was refused. Requests are counted, and the
time between them taken, where they arrive."""

import itertools

import pytest

from making import debian_image
from objects import image_scan
from odd_registry import Answer
from system import SCANS, condition

PAUSES = "landwaiter_registry_pauses_total"
_numbers = itertools.count(1)


class Pulled:
    """An image of the odd registry whose manifest is refused to whoever pulls it: `after` seconds are asked for, once or
    for ever."""

    def __init__(self, odd_registry, after=None, once=True):
        self.odd, self.repository, self.image = odd_registry, f"paced/{next(_numbers)}", debian_image()
        self.tagged, self.scan_name = odd_registry.serve(self.image, self.repository), self.image.digest.replace(":", "-")
        self._path = f"/v2/{self.repository}/manifests/{self.image.digest}"
        self._good = odd_registry.answers[self._path]
        if after is not None:
            refusal = Answer(429, headers={"Retry-After": str(after)})
            odd_registry.answers[self._path] = [refusal, self._good] if once else refusal

    def let_in(self):
        self.odd.answers[self._path] = self._good

    def pulls(self):
        """What the scanner asked for: the controller asks by HEAD."""
        return [r for r in self.odd.asked(f"/v2/{self.repository}/") if r.method == "GET"]


@pytest.fixture
def scanner(system):
    """Started again afterwards: what it was asked for by this registry is forgotten."""
    yield system.roles.scanners[0]
    system.roles.scanners[0].restart()


def _ask(system, pulled):
    system.cluster.apply(image_scan(f"paced-{next(_numbers)}", pulled.tagged))


# Pitfall 47. Admission pitfall 66.
def test_a_pause_that_one_scan_was_asked_for_is_kept_by_the_next(system, limiting_registry, scanner):
    pause = 4  # seconds
    refused, other = Pulled(limiting_registry, after=pause), Pulled(limiting_registry)
    before = scanner.metric(PAUSES)
    _ask(system, refused)
    system.cluster.wait_until(lambda: scanner.metric(PAUSES) == before + 1, 60, "the scanner was asked for a pause")
    until = refused.pulls()[0].at + pause
    _ask(system, other)
    for pulled in (refused, other):
        system.wait_scan(pulled.scan_name)
    assert [r.at - until for r in (*refused.pulls()[1:], *other.pulls()) if r.at < until] == []
    assert len(other.pulls()) == 3, "manifest, configuration, layer"


# Admission pitfall 66.
def test_a_registry_that_wants_an_hour_is_asked_once_for_many_images(system, limiting_registry, scanner):
    images = [Pulled(limiting_registry, after=3600, once=False) for _ in range(6)]
    try:
        for pulled in images:
            _ask(system, pulled)
            system.wait_scan(pulled.scan_name, ready="False", reason="RateLimited")
        pulls = sorted(r.at for pulled in images for r in pulled.pulls())
        # After its bound it may be asked again.
        assert len([at for at in pulls if at < pulls[0] + 30]) == 1
        said = condition(system.scan(images[1].scan_name), "Ready")["message"]
        assert "asks to wait 3600 s" in said or "asks to wait 35" in said, said
    finally:
        for pulled in images:
            pulled.let_in()
            system.cluster.api("DELETE", f"{SCANS}/{pulled.scan_name}")
