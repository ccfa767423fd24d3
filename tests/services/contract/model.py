"""The job layer in plain Python, as the documents describe it: what Redis must agree with."""

from dataclasses import dataclass, field

from services.contract.jobs import PRIORITIES, QUEUE_OF

ATTEMPTS = 3


@dataclass
class ModelJob:
    """What the model knows of one job; `born` orders jobs by acceptance."""

    kind: str
    priority: str
    born: int
    parent: str = ""
    status: str = "queued"
    attempts: int = 0
    token: int = 0
    cancel: bool = False
    silent: bool = False

    @property
    def queue(self) -> str:
        """Where its ticket goes."""
        return QUEUE_OF[self.kind]

    @property
    def place(self) -> tuple[int, int]:
        """What its queue sorts by."""
        return PRIORITIES.index(self.priority), self.born


@dataclass
class Model:
    """All jobs by id."""

    jobs: dict[str, ModelJob] = field(default_factory=dict)

    def accept(self, job_id: str, kind: str, priority: str, parent: str = "") -> None:
        """A new job waits."""
        self.jobs[job_id] = ModelJob(kind, priority, len(self.jobs), parent)

    def takes_pictures(self, job_id: str) -> bool:
        """True for a book on which work goes on."""
        book = self.jobs[job_id]
        return book.status == "running" and not book.cancel

    def depth(self) -> int:
        """Jobs that have not ended."""
        return sum(job.status in {"queued", "running"} for job in self.jobs.values())

    def waiting(self, queue: str) -> list[str]:
        """Ids that wait, in the order in which they should be taken."""
        ids = [i for i, job in self.jobs.items() if (job.status, job.queue) == ("queued", queue)]
        return sorted(ids, key=lambda job_id: self.jobs[job_id].place)

    def running(self, queue: str) -> list[str]:
        """Ids that a worker holds."""
        return [i for i, job in self.jobs.items() if (job.status, job.queue) == ("running", queue)]

    def claim(self, job_id: str, *, silent: bool) -> bool:
        """True when the job was there to be taken."""
        job = self.jobs[job_id]
        if job.status != "queued":
            return False
        job.status, job.silent = "running", silent
        job.attempts += 1
        job.token += 1
        return True

    def owns(self, job_id: str, token: int) -> bool:
        """True for the present owner."""
        return (self.jobs[job_id].status, self.jobs[job_id].token) == ("running", token)

    def renew(self, job_id: str, token: int, *, silent: bool) -> str:
        """What the owner is told."""
        if not self.owns(job_id, token):
            return "lost"
        self.jobs[job_id].silent = silent
        return "cancel" if self.jobs[job_id].cancel else "ok"

    def finish(self, job_id: str, token: int, status: str) -> str:
        """What the owner is told; the same again when it repeats itself."""
        job = self.jobs[job_id]
        if self.owns(job_id, token):
            self.end(job_id, status)
            return "ok"
        return "ok" if (job.status, job.token) == (status, token) else "lost"

    def end(self, job_id: str, status: str) -> None:
        """The job is over, and with it what is left of its pictures."""
        self.jobs[job_id].status = status
        self.cancel_children(job_id)

    def cancel_children(self, job_id: str) -> None:
        """Cancel the pictures of a book."""
        for child_id, child in self.jobs.items():
            if child.parent == job_id:
                self.cancel(child_id)

    def cancel(self, job_id: str) -> str:
        """What the client is told."""
        job = self.jobs[job_id]
        if job.status == "queued":
            self.end(job_id, "cancelled")
        elif job.status == "running":
            job.cancel = True
            self.cancel_children(job_id)
            return "cancelling"
        return "cancelled" if job.status == "cancelled" else "finished"

    def hand_back(self, job_id: str, token: int) -> str:
        """What the owner is told."""
        job = self.jobs[job_id]
        if not self.owns(job_id, token):
            return "ok" if (job.status, job.token) == ("queued", token) else "lost"
        if job.cancel:
            job.silent = True
        else:
            job.status, job.attempts = "queued", job.attempts - 1
        return "ok"

    def reclaim(self) -> set[str]:
        """Ids that are tried again."""
        requeued = set()
        for queue in ("stories", "images"):
            for job_id in self.running(queue):
                job = self.jobs[job_id]
                if job.silent and job.cancel:
                    self.end(job_id, "cancelled")
                elif job.silent and job.attempts >= ATTEMPTS:
                    self.end(job_id, "failed")
                elif job.silent:
                    job.status = "queued"
                    requeued.add(job_id)
        return requeued

    def age(self) -> set[str]:
        """Everything that waits rises by one priority."""
        lifted = set(self.waiting("stories") + self.waiting("images"))
        lifted = {i for i in lifted if self.jobs[i].priority != "high"}
        for job_id in lifted:
            job = self.jobs[job_id]
            job.priority = PRIORITIES[PRIORITIES.index(job.priority) - 1]
        return lifted
