"""/v1/jobs: submit, look, list, cancel."""

from functools import partial

from flask import Blueprint, Response, request

from services.contract import queues, transitions
from services.contract.jobs import JOB_REQUEST, Job
from services.gateway import admission, estimates, listing, outlook, peers, reading, views
from services.gateway.answers import respond
from services.gateway.context import Gateway, gateway
from services.gateway.follow import wait_for_end
from services.gateway.problems import Problem

blueprint = Blueprint("jobs", __name__, url_prefix="/v1/jobs")


@blueprint.post("")
def submit() -> Response:
    """Accept a job: 202, or 200 with the job if it ends while the client waits."""
    here = gateway()
    asked = reading.json_body(JOB_REQUEST)
    admission.check(here, asked)
    wait = reading.preferred_wait()
    job_id = admission.admit(here, asked, reading.idempotency_key())
    job = admission.find(here, job_id)
    if wait and not job.finished:
        job = _wait(here, job_id, wait) or job
    answer = _answer(here, job)
    if wait and job.finished:
        answer.headers["Preference-Applied"] = f"wait={wait}"
    return answer


@blueprint.get("/<job_id>")
def look(job_id: str) -> Response:
    """One job."""
    here = gateway()
    return respond(_view(here, admission.find(here, reading.job_id(job_id))))


@blueprint.get("")
def index() -> Response:
    """A page of jobs."""
    query = reading.query(listing.ListQuery)
    found, following = listing.page(gateway().redis, query)
    return respond(views.JobPage(jobs=tuple(map(views.record, found)), next=following))


@blueprint.delete("/<job_id>")
def cancel(job_id: str) -> Response:
    """Cancel: 200 when that ended the job, 202 when its worker was asked to stop."""
    here = gateway()
    outcome = transitions.cancel(
        here.redis, reading.job_id(job_id), retention=here.settings.retention_seconds
    )
    job = admission.find(here, job_id)
    if outcome == "finished":
        raise Problem("already-finished", f"job {job_id} has {job.status}; nothing to cancel")
    return respond(_view(here, job), 202 if outcome == "cancelling" else 200)


def _wait(here: Gateway, job_id: str, seconds: int) -> Job | None:
    # Without a place the preference goes unheeded, as RFC 7240 lets it: 202, and the client polls.
    place = here.places.take()
    if place is None:
        return None
    try:
        gone = partial(peers.is_gone, request.environ)
        return wait_for_end(here.redis, here.fanout, job_id, seconds, gone)
    finally:
        place.release()


def _answer(here: Gateway, job: Job) -> Response:
    if job.finished:
        return respond(_view(here, job), Location=views.path(job.id))
    accepted = views.accepted(job, *_standing(here, job))
    return respond(accepted, 202, Location=views.path(job.id))


def _view(here: Gateway, job: Job) -> views.JobView:
    return views.view(job, *_standing(here, job))


def _standing(here: Gateway, job: Job) -> tuple[int | None, float | None]:
    if job.finished:
        return None, None
    position = queues.position(here.redis, job)
    expected = outlook.read(here.redis, here.policy, here.fallback)
    return position, estimates.eta(job, expected, position)
