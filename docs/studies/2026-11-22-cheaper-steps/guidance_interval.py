"""Guidance at some noise levels alone, beside guidance everywhere with as many model rows.

    ../../../.venv/bin/python guidance_interval.py      in this folder, after `make`

The idea is that of Kynkäänniemi et al. (arXiv 2404.07724).
"""

from terms import studio, twin, write

from services.contract.ladder import ImageLevel
from worker.batching.denoising import guided
from worker.batching.request import ImageRequest
from worker.study.judging.gallery import Arm, plain, shared_out
from worker.study.judging.studio import Studio

INTERVALS = ((0.2, 10.0), (0.4, 5.0), (0.4, 1000.0), (0.0, 3.0))
CAPTION = (
    "Guidance over an interval of noise levels: DDIM {steps}, guidance 3, the shipped "
    "illustrator. Below each setting, guidance everywhere in so many steps that the model "
    "computes as many rows; the last two columns are the setting's figures less these."
)


def rows(shop: Studio, level: ImageLevel) -> int:
    """What a picture at this level puts into the model: two rows for a guided step, else one."""
    plan = shop.denoiser.denoising(ImageRequest(prompt="", seed=0, level=level)).plan
    return sum(2 if guided(level, row) else 1 for row in plan.rows)


def pair(shop: Studio, name: str, level: ImageLevel, whole: ImageLevel) -> list[Arm]:
    """The level, and guidance everywhere with as many rows."""
    cost = rows(shop, level)
    as_much = Arm(twin(name), lambda _, count: shared_out(whole, cost * count // 2, count))
    return [plain(name, level), as_much]


def main() -> None:
    """Draw, judge, write."""
    shop, steps = studio(__doc__)
    whole = shop.terms.level(sampler="ddim", steps=steps)
    arms = [plain("everywhere", whole)]
    for low, high in INTERVALS:
        level = whole.model_copy(update={"guidance_interval": (low, high)})
        arms += pair(shop, f"σ from {low:g} to {high:g}", level, whole)
    arms += pair(shop, "nowhere", whole.model_copy(update={"guidance_scale": 1.0}), whole)
    write(f"guidance_interval_{steps}", CAPTION.format(steps=steps), shop.compare(arms))


if __name__ == "__main__":
    main()
