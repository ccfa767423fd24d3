"""The policy as a client sees it, and what a client may ask of it."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from services.contract import rule_override
from services.contract.forecast import Forecast
from services.contract.jobs import Queue
from services.contract.ladder import Level
from services.contract.level import Pin
from services.contract.policy import Policy, PolicyState
from services.contract.rule_override import RuleOverride
from services.contract.rules import PolicyRules
from services.gateway.views import moment

Note = Annotated[str, StringConstraints(max_length=200)]


def _either(schema: dict[str, Any]) -> None:
    """Say that a level or rules must be there, and not both."""
    schema["oneOf"] = [{"required": ["level"]}, {"required": ["rules"]}]
    for name in ("level", "rules"):
        del schema["properties"][name]["default"]


class PinRequest(BaseModel):
    """Hold a level, or rules, for a while, or return to policy.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_either)

    level: str = Field(
        "", description='A level\'s name, or "auto" to return to the rules of policy.toml.'
    )
    # Never null in a request; None stands for a request that has none.
    rules: PolicyRules = Field(
        None,  # type: ignore[assignment]
        description="In place of policy.toml's. They fit its ladder, and leave its capacity.",
    )
    for_seconds: float = Field(600, gt=0, le=86400, description="It ends by itself.")
    queue: Queue | None = Field(None, description="One queue alone; null: both.")
    by: Note = Field("", description="Who asks, for the others who look.")
    reason: Note = ""


PIN_REQUEST = TypeAdapter(PinRequest)


class StateView(BaseModel):
    """The level that a controller put in force. Without a lease workers use the fallback."""

    index: int
    level: str
    version: int
    epoch: int
    since: datetime
    reason: str
    lease_until: datetime
    lease_holds: bool


class PinView(BaseModel):
    """A level that a person holds."""

    level: str
    by: str
    reason: str
    until: datetime


class RulesView(BaseModel):
    """Rules that a person has put: by whom, why, until when."""

    by: str
    reason: str
    until: datetime
    ignored: str | None = Field(
        description="Why they are not gone by, though they are put; null: they are in force."
    )


class Decision(BaseModel):
    """A change of level, and the load that the controller saw."""

    at: datetime
    queue: Queue
    version: int
    level: str
    reason: str
    load: dict[str, Any]


class QueuePolicyView(BaseModel):
    """What holds for one queue."""

    rules: PolicyRules = Field(description="In force: a person's, else those of policy.toml.")
    override: RulesView | None = Field(
        description="Whose they are, or would be if they were not ignored; null: policy.toml's."
    )
    state: StateView | None = Field(description="null before a controller has decided.")
    pin: PinView | None
    forecast: Forecast | None = Field(description="The live model; null where nothing predicts.")


class PolicyView(BaseModel):
    """The ladder, the rules, and what they led to."""

    ladder: tuple[Level, ...] = Field(description="Best level first.")
    kinds: tuple[str, ...] = Field(
        description="Kinds of rules that may hold here; those that predict need a profile."
    )
    queues: dict[Queue, QueuePolicyView]
    fallback: str = Field(description="The level while no controller holds the lease.")
    decisions: tuple[Decision, ...] = Field(description="Newest first.")
    applied: dict[str, int] = Field(description="The version each worker applied last.")


def state(known: PolicyState | None, now: float) -> StateView | None:
    """The level in force at `now` (seconds since the epoch)."""
    if known is None:
        return None
    return StateView(
        index=known.index,
        level=known.level.name,
        version=known.version,
        epoch=known.epoch,
        since=moment(known.since),
        reason=known.reason,
        lease_until=moment(known.lease_until),
        lease_holds=known.lease_until > now,
    )


def pin(held: Pin | None) -> PinView | None:
    """The pin in force, if any."""
    return None if held is None else PinView.model_validate(vars(held))


def override(held: RuleOverride | None, ignored: str | None) -> RulesView | None:
    """Whose the rules are; None for those of policy.toml."""
    if held is None:
        return None
    until = moment(held.until)
    return RulesView(by=held.by, reason=held.reason, until=until, ignored=ignored)


def view(policy: Policy, fallback: str, **parts: Any) -> PolicyView:
    """The whole answer; `parts` are queues, decisions and applied."""
    return PolicyView(
        ladder=policy.levels, kinds=rule_override.kinds(policy), fallback=fallback, **parts
    )
