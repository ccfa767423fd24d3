"""Profiles and requests for tests of the planner."""

from controller.queueing.planning.conduct import Conduct
from controller.queueing.planning.request import Request
from controller.queueing.planning.target import parse
from services.contract.ladder import ImageLevel, Level, StoryLevel
from services.contract.profile import BatchLaw, Cost, Interval, Profile, Rung

ENGINE = BatchLaw(tau0=0.5, tau1=0.5, cap=4)
RUNGS = {"best": (1.0, 0.31), "good": (0.5, 0.30), "fast": (0.2, 0.25)}
"""Seconds and quality, none dominated."""


def level(name, steps=10):
    """A level of this name."""
    image = ImageLevel(sampler="ddim", steps=steps, guidance_scale=3.0)
    return Level(name=name, image=image, story=StoryLevel(max_tokens=64))


def about(value, share=0.01):
    """An interval of so much on either side."""
    width = abs(value) * share
    return Interval(value=value, low=value - width, high=value + width)


def rung(name, seconds, quality, **cost):
    """What a level was measured to take and give."""
    quality = None if quality is None else about(quality)
    cost = Cost(seconds=about(seconds), quality=quality, **cost)
    return Rung(level=level(name), costs={"images": cost})


def profile(rungs=None, law=None, crowding=None):
    """A profile of images with these rungs: name to seconds and quality; `crowding` by name."""
    shares = crowding or {}
    known = (rungs or RUNGS).items()
    found = tuple(rung(name, *cost, crowding=shares.get(name)) for name, cost in known)
    return Profile(made_with={}, rungs=found, batch={"images": law} if law else {})


def request(slo="p95=3s", rate=2.0, **changed):
    """One worker, one image at a time, decisions every quarter of a second."""
    asked = {"profile": profile(), "queue": "images", "conduct": Conduct(dwell=0.5), "jobs": 4000}
    return Request(rate=rate, slo=parse(slo), **(asked | changed))
