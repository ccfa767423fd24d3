"""A schemathesis hook: an Idempotency-Key that may be used is used once.

The generator does not know that a key binds a request, and takes the 422 of a reused key for a
valid request refused.
"""

import re
import uuid
from typing import Any

import schemathesis

KEY = "Idempotency-Key"


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Replace a valid key by one that no request had."""
    headers = case.headers
    if headers and re.fullmatch("[!-~]{1,200}", str(headers.get(KEY, ""))):
        headers[KEY] = uuid.uuid4().hex
