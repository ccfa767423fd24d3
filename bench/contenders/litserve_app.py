"""The server that LitServe's users write around a pipeline: `python -m … '{"port": …}'`."""

import io
import json
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import litserve
from fastapi import Response
from PIL.Image import Image, new

from bench.conditions import Conditions
from bench.orders import Order
from services.contract.ladder import ImageLevel

MAX_BATCH_SIZE, BATCH_TIMEOUT = 16, 0.05


class Pictures(litserve.LitAPI):
    """Draws a batch of orders with one pipeline call for each level among them."""

    def __init__(self, conditions: Conditions) -> None:
        super().__init__(
            max_batch_size=min(MAX_BATCH_SIZE, conditions.cap), batch_timeout=BATCH_TIMEOUT
        )
        self._conditions = conditions

    def setup(self, device: str) -> None:  # noqa: ARG002 - LitServe passes it by name
        """Load the pipeline, and what it needs, in the one process that will use it."""
        import torch  # noqa: PLC0415 - LitServe starts more processes than compute

        from bench.contenders.pipeline import PipelineContender  # noqa: PLC0415

        torch.set_num_threads(self._conditions.threads)
        self._pipeline = PipelineContender(self._conditions)

    def decode_request(self, request: dict[str, Any]) -> Order:
        """An order as the client sent it."""
        level = ImageLevel.model_validate(request["level"])
        return Order(request["prompt"], request["seed"], level)

    def batch(self, inputs: list[Order]) -> list[Order]:
        """A list already is what the pipeline takes."""
        return inputs

    def predict(self, orders: Sequence[Order]) -> list[Image]:
        """A picture for each order."""
        return self._pipeline.draw_grouped(orders)

    def unbatch(self, output: list[Image]) -> list[Image]:
        """The pictures are separate already."""
        return output

    def encode_response(self, picture: Image) -> Response:
        """The picture as a PNG file."""
        file = io.BytesIO()
        picture.save(file, format="PNG", compress_level=1)  # as worker/illustrate.py does
        return Response(file.getvalue(), media_type="image/png")


class Blanks(Pictures):
    """The same without a model: what HTTP, queues and batching cost by themselves."""

    def setup(self, device: str) -> None:
        """Nothing to load."""

    def predict(self, orders: Sequence[Order]) -> list[Image]:
        """As many pictures of nothing."""
        return [new("RGB", (128, 128)) for _ in orders]


def main() -> None:
    """Serve until told to stop; the one argument holds port, blanks and the conditions."""
    given = json.loads(sys.argv[1])
    names = {field.name for field in fields(Conditions)}
    conditions = Conditions(**{name: given[name] for name in names & set(given)})
    kind = Blanks if given["blanks"] else Pictures
    accelerator = "cpu" if conditions.device == "cpu" else "cuda"
    server = litserve.LitServer(kind(conditions), accelerator=accelerator, devices=1, timeout=False)
    server.run(
        host="127.0.0.1", port=given["port"], log_level="warning", generate_client_file=False
    )


if __name__ == "__main__":
    main()
