"""What a profile's timings say of a worker, with 95 % intervals: S(n) = α + βn, τ0 and τ1, scv."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from controller.queueing.refusal import BadInput
from services.contract.profile import BatchLaw, Interval, ProfileError, Timing
from services.contract.timings import batch_law, kept, step_points

CONFIDENCE = 0.95
LEAST_STEP_COUNTS = 3
LEAST_TIMES = 3


@dataclass(frozen=True)
class Line:
    """y = α + βx by ordinary least squares; for service times, seconds and seconds a step."""

    alpha: Interval
    beta: Interval
    r_squared: float
    residual_standard_error: float
    """√(residual sum of squares / (n - 2)), in the units of y."""
    observations: int


@dataclass(frozen=True)
class BatchFit:
    """τ(b) = τ0 + τ1·b, seconds a step of b jobs together."""

    tau0: Interval
    tau1: Interval
    r_squared: float
    observations: int

    def law(self, cap: int) -> BatchLaw:
        """The law at the point estimates, for a worker that advances `cap` jobs together."""
        return BatchLaw(tau0=self.tau0.value, tau1=self.tau1.value, cap=cap)


def least_squares(x: ArrayLike, y: ArrayLike) -> Line:
    """The line through (x, y), arrays of shape (n,), with Student's intervals of n - 2 degrees.

    Valid where residuals are independent and normal with one variance (Draper and Smith, Applied
    Regression Analysis, 3rd ed. 1998, §1.4). Raises BadInput for fewer than three points, shapes
    that differ, values that are not finite, or one x alone.
    """
    across, up = _points(x, y)
    found = stats.linregress(across, up)
    freedom = across.size - 2
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom))
    residuals = up - (found.intercept + found.slope * across)
    return Line(
        alpha=_around(found.intercept, reach * found.intercept_stderr),
        beta=_around(found.slope, reach * found.stderr),
        r_squared=float(found.rvalue**2),
        residual_standard_error=float(np.sqrt(residuals @ residuals / freedom)),
        observations=across.size,
    )


def fit_steps(timings: Sequence[Timing]) -> Line:
    """S(n) = α + βn of jobs alone: α seconds a job, β seconds a step (or token).

    `timings` are of one sampler, size and precision and differ in their steps. Outliers are left
    out as `services.contract.timings` says. Raises BadInput for jobs that had company, or fewer
    than three step counts, with which a line always fits.
    """
    company = sorted({timing.batch for timing in timings} - {1})
    if company:
        raise BadInput(f"S(n) is of a job alone, and {company[0]} were together: give batch 1 only")
    counts = {timing.steps for timing in timings}
    if len(counts) < LEAST_STEP_COUNTS:
        raise BadInput(
            f"S(n) = α + βn needs at least {LEAST_STEP_COUNTS} step counts, there are "
            f"{len(counts)}: measure more with python -m worker.study profile --steps"
        )
    points = [(each.steps, seconds) for each in timings for seconds in kept(each.seconds)]
    return least_squares(*zip(*points, strict=True))


def fit_batch(timings: Sequence[Timing]) -> BatchFit:
    """τ0 and τ1 of τ(b) = τ0 + τ1·b by the rule of `services.contract.timings.batch_law`.

    Where one of them is held at 0, its interval begins there and ends where the unbounded line's
    does (at 0 if that is below); the other one's is that of the line with this term left out.
    Raises BadInput for fewer than two different b or three repeats.
    """
    try:
        law = batch_law(timings, cap=max((each.batch for each in timings), default=1))
    except ProfileError as error:
        raise BadInput(str(error)) from error
    jobs, seconds = np.array(step_points(timings)).T
    line = least_squares(jobs, seconds)
    tau0, tau1 = line.alpha, line.beta
    if law.tau0 == 0 and tau0.value < 0:
        tau0, tau1 = _held_at_zero(tau0), _through_origin(jobs, seconds)
    elif law.tau1 == 0 and tau1.value < 0:
        tau0, tau1 = _mean(seconds), _held_at_zero(tau1)
    return BatchFit(tau0, tau1, line.r_squared, line.observations)


def scv(seconds: ArrayLike) -> Interval:
    """Squared coefficient of variation s²/m² of service times, shape (n,), n ≥ 3.

    The interval is the delta method's, for large n (van der Vaart, Asymptotic Statistics, 1998,
    §3.1): with central moments μ2, μ3, μ4 and c² = μ2/m²,
    n·var(s²/m²) → (μ4 - μ2²)/m⁴ - 4·μ2·μ3/m⁵ + 4·μ2³/m⁶. It is cut off at 0, below which no scv is.
    Raises BadInput for fewer than three times or one that is not above 0.
    """
    times = np.asarray(seconds, dtype=float)
    if times.ndim != 1 or times.size < LEAST_TIMES:
        raise BadInput(f"an scv needs at least {LEAST_TIMES} service times, there are {times.size}")
    if not (np.isfinite(times).all() and (times > 0).all()):
        raise BadInput("service times must be finite and above 0")
    mean = times.mean()
    second, third, fourth = (np.mean((times - mean) ** power) for power in (2, 3, 4))
    spread = (fourth - second**2) / mean**4 - 4 * second * third / mean**5
    spread += 4 * second**3 / mean**6
    reach = stats.norm.ppf((1 + CONFIDENCE) / 2) * np.sqrt(max(0.0, spread) / times.size)
    value = float(times.var(ddof=1) / mean**2)
    return Interval(value=value, low=max(0.0, value - float(reach)), high=value + float(reach))


def _points(x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    across, up = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if across.shape != up.shape or across.ndim != 1:
        raise BadInput(f"x and y must be two lists of one length; got {across.shape}, {up.shape}")
    if across.size < 3:
        raise BadInput(f"a line with intervals needs at least 3 points, there are {across.size}")
    if not (np.isfinite(across).all() and np.isfinite(up).all()):
        raise BadInput("a line needs finite values")
    if np.ptp(across) == 0:
        raise BadInput(f"a line needs different x, and all are {across[0]:g}")
    return across, up


def _around(value: float, reach: float) -> Interval:
    return Interval(value=value, low=value - reach, high=value + reach)


def _held_at_zero(unbounded: Interval) -> Interval:
    return Interval(value=0.0, low=0.0, high=max(0.0, unbounded.high))


def _through_origin(x: np.ndarray, y: np.ndarray) -> Interval:
    """The slope of y = βx, with n - 1 degrees of freedom."""
    slope = float(x @ y / (x @ x))
    error = np.sqrt(np.sum((y - slope * x) ** 2) / (x.size - 1) / (x @ x))
    return _around(slope, float(error * stats.t.ppf((1 + CONFIDENCE) / 2, x.size - 1)))


def _mean(y: np.ndarray) -> Interval:
    reach = stats.sem(y) * stats.t.ppf((1 + CONFIDENCE) / 2, y.size - 1)
    return _around(float(y.mean()), float(reach))
