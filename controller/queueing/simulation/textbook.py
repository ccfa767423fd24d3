"""Queues by their names in Kendall's notation, as scenarios."""

from dataclasses import dataclass
from typing import Literal

from controller.queueing.refusal import (
    BadInput,
    require_count,
    require_not_negative,
    require_positive,
)
from controller.queueing.simulation.arrivals import Arrivals
from controller.queueing.simulation.scenario import Scenario
from controller.queueing.simulation.service import by_scv
from services.contract.profile import ONE_AT_A_TIME, BatchLaw

Model = Literal["mm1", "mmk", "mmkk", "mg1", "mgk", "ps"]
"""ps: processor sharing by a batch law."""


@dataclass(frozen=True, kw_only=True)
class Textbook:
    """A model and its parameters; times in seconds. The law is that of `ps`, and of it alone."""

    model: Model
    service_time: float
    scv: float = 1.0
    servers: int = 1
    capacity: int | None = None
    law: BatchLaw | None = None

    def __post_init__(self) -> None:
        require_positive(service_time=self.service_time)
        require_not_negative(scv=self.scv)
        model = self.model
        if model.startswith("mm") and self.scv != 1:
            raise BadInput(f"{model} has exponential service, scv 1: mg1 and mgk have others")
        require_count(servers=self.servers)
        if model in ("mm1", "mg1") and self.servers != 1:
            raise BadInput(f"{model} has one server; {model[:2]}k has as many as you say")
        if (model == "mmkk") != (self.capacity is not None) and model.startswith("mm"):
            raise BadInput("a capacity, the most jobs in the system, is for mmkk, which needs one")
        if (model == "ps") != (self.law is not None):
            raise BadInput("a batch law (tau0, tau1, cap) is for ps alone, which needs one")

    def scenario(self, arrivals: Arrivals) -> Scenario:
        """This queue with any arrivals, not the model's Poisson alone."""
        return Scenario(
            arrivals=arrivals,
            services=(by_scv(self.service_time, self.scv),),
            workers=self.servers,
            law=self.law or ONE_AT_A_TIME,
            capacity=self.capacity,
        )
