"""Why work on a job stops before it is done."""


class Interruption(Exception):
    """Something other than the work itself ends an attempt."""


class Cancelled(Interruption):
    """Somebody asked for the job to be cancelled."""


class DeadlinePassed(Interruption):
    """The job's own deadline has passed."""


class LeaseLost(Interruption):
    """The job is another worker's now: whatever is done here no longer counts."""


class Stopping(Interruption):
    """This worker has been told to stop; another one will do the job."""
