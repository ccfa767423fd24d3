"""A queue simulated event by event: one loop for every arrival process, batch law and policy.

    from controller.queueing.simulation.arrivals import Poisson
    from controller.queueing.simulation.run import simulate
    from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
    from controller.queueing.simulation.service import by_scv
    from controller.queueing.simulation.statistics import replicate

    scenario = Scenario(
        arrivals=Poisson(2.0),
        services=(by_scv(1.2, scv=0.1), by_scv(0.4, scv=0.1)),
        switching=Switching(tabulate(policy, depths=64), period=0.25, dwell=2.0),
        workers=2,
        qualities=(0.31, 0.29),
        horizon=Horizon(jobs=100_000),
    )
    summary = replicate(scenario, seeds=range(10))   # Summary of Estimate(mean, low, high)
    summary.p95_response.mean, summary.effective_quality, summary.residency
    records = simulate(scenario, seed=1)             # Records: one entry a job
    records.response, records.wait, records.depth(times), records.residency(begin, end)

The same seed gives the same arrivals, works and lots whatever the policy, so that policies compare
on common random numbers.

- arrivals: `Poisson(rate)`, `Gamma(rate, scv)`, `MarkovModulated(rates, sojourns)`,
  `Diurnal(rate, amplitude, period)`, `Steps(rates, until)`, `Trace(times)`
- service: `Deterministic(mean)`, `Exponential(mean)`, `Gamma(mean, scv)`,
  `Hyperexponential(mean, scv)`, `Lognormal(mean, scv)`, `Empirical(samples)`, `by_scv(mean, scv)`
- scenario: `Scenario`, `Switching`, `Horizon` · draws: what is random in it
- run: `simulate(scenario, seed)`, `simulate_with(scenario, seed, choose)` where a callback takes
  the place of the table · kernel, state: the loop, and the arrays that it works on
- planner: `Replanning`, the live rule that plans thresholds anew · `settled(rate)`
- records: `Records` · warmup: `mser5`, `no_warm_up` · figures: of one run
- statistics: `replicate`, `summarise`, `Summary` · estimates: `Estimate`
- live: the scenario of a policy and a profile, the live `decide` as a callback · textbook: M/M/k …
- stability: whether there is a steady state · notation: arrivals as command lines write them
"""
