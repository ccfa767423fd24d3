"""A schemathesis hook for what no schema can say, where the generator would take the 422 of a
request that the schema allows for a fault.

An Idempotency-Key belongs to one request, so one that may be used is used once; `start_from` must
name a job that there is, so an id that names none is left out.
"""

import re
import uuid
from typing import Any

import schemathesis

from services.contract.jobs import JOB_ID

KEY = "Idempotency-Key"
BEGINNING = "start_from"


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Replace a valid key by one that no request had, and an unknown job by none."""
    headers, body = case.headers, case.body
    if headers and re.fullmatch("[!-~]{1,200}", str(headers.get(KEY, ""))):
        headers[KEY] = uuid.uuid4().hex
    if isinstance(body, dict) and re.fullmatch(JOB_ID, str(body.get(BEGINNING, ""))):
        case.body = body | {BEGINNING: None}
