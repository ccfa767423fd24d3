"""A schemathesis hook for what no schema can say, where the generator would take the 422 of a
request that the schema allows for a fault.

An Idempotency-Key belongs to one request, so one that may be used is used once; `start_from` must
name a job that there is, so an id that names none is left out; rules fit the ladder, or are left
to policy.toml.
"""

import re
import uuid
from typing import Any

import schemathesis
from pydantic import ValidationError

from services.contract import policy
from services.contract.jobs import JOB_ID
from services.contract.rule_override import fits
from services.contract.rules import PolicyRules
from tests.conftest import ROOT

POLICY = policy.load(ROOT / "policy.toml")

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
    if isinstance(body, dict) and unfit(body.get("rules")):
        case.body = body | {"rules": {"kind": "fixed", "level": "fast"}}


def unfit(rules: Any) -> bool:
    """Whether these are rules, but none of this ladder."""
    try:
        return not fits(POLICY, PolicyRules.model_validate(rules))
    except ValidationError:
        return False
