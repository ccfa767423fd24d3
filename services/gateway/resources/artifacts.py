"""/v1/jobs/{id}/artifacts/{name}: the files a job made."""

from pathlib import Path

from flask import Blueprint, Response, send_file

from services.contract.jobs import Artifact, Job
from services.gateway import admission, reading
from services.gateway.context import gateway
from services.gateway.problems import Problem

blueprint = Blueprint("artifacts", __name__)

# A book turns its own pages, and reaches nothing: the sandbox gives it an origin of its own, so not
# even this gateway's calls, and there is no address that it may load or send to.
HTML_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


@blueprint.get("/v1/jobs/<job_id>/artifacts/<name>")
def send(job_id: str, name: str) -> Response:
    """One file, as soon as the job's record lists it."""
    here = gateway()
    job = admission.find(here, reading.job_id(job_id))
    artifact = _listed(job, name)
    path = _located(here.settings.artifacts, artifact)
    answer = send_file(
        path,
        mimetype=artifact.media_type,
        etag=artifact.sha256,
        conditional=True,
        max_age=None,
    )
    _describe(answer, job)
    return answer


def _listed(job: Job, name: str) -> Artifact:
    for artifact in job.artifacts:
        if artifact.name == name:
            return artifact
    names = ", ".join(artifact.name for artifact in job.artifacts) or "none yet"
    raise Problem("not-found", f"job {job.id} has no artifact {name!r}; it has: {names}")


def _located(folder: Path, artifact: Artifact) -> Path:
    root = folder.resolve()
    path = (root / artifact.path).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise Problem("not-found", f"the file of {artifact.name} is not there any more")
    return path


def _describe(answer: Response, job: Job) -> None:
    # Another attempt of an unfinished job may write other bytes under the same name.
    settled = "private, max-age=31536000, immutable"
    answer.headers["Cache-Control"] = settled if job.finished else "private, no-cache"
    if answer.mimetype == "text/html":
        answer.headers["Content-Security-Policy"] = HTML_POLICY
