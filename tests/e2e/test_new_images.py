"""What a namespace brings beyond its pace of new images: answered as not scanned, counted, and looked at in the end."""

from making import debian_image
from objects import NO_CRITICAL, pod, policy
from system import Pushed

WAITING = "landwaiter_new_images_waiting"


def _admitted(system, name, image, namespace):
    """A busy scanner may take longer than a pod waits: tried again, as an owner does."""
    system.cluster.wait_until(lambda: system.create(pod(name, image.tagged, namespace)).returncode == 0, 60,
                              f"{name} is let into {namespace}")


# Admission pitfall 85.
def test_an_image_that_waits_for_its_namespace_s_pace_is_counted_until_it_is_known(system, namespace, other_namespace):
    controller = system.roles.controllers[0]
    with controller.started_with({"--namespace-new-images": "1"}):
        for each in (namespace, other_namespace):
            system.enforce(each, policy(f"pace-{each}", NO_CRITICAL, namespace=each, waitSeconds=8))
        first, second = (Pushed(system.registry, debian_image()) for _ in range(2))
        assert controller.metric(WAITING) == 0, "nobody waits"
        # One after the other, well within the minute after which one more may come.
        done = system.create(pod("first", first.tagged, namespace), pod("second", second.tagged, namespace))
        again = system.create(pod("second-again", second.tagged, namespace))
        for denied in (done, again):
            assert denied.returncode != 0 and "TooManyNewImages" in denied.stderr, denied.stderr
            assert f"namespace {namespace} has brought 1 images" in denied.stderr, denied.stderr
        assert controller.metric(WAITING) == 1, "one image, however often it is asked for"
        assert system.scan(first.scan_name) is not None
        assert system.scan(second.scan_name) is None, "nothing was made of the other"
        # Another namespace has a pace of its own, and what it brings is new to nobody.
        _admitted(system, "second", second, other_namespace)
        system.cluster.wait_until(lambda: controller.metric(WAITING) == 0, 30, "it waits no more")
        _admitted(system, "second", second, namespace)
