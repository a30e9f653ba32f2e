#!/usr/bin/env python3
"""Writes the fixtures of the statistics tests that SciPy and statsmodels are the judge of.

    /usr/bin/python3 scripts/fixtures-statistics.py

Debian 12: python3-scipy, python3-statsmodels. Each file says which versions made it.
"""
import math
import pathlib

import numpy
import scipy
import statsmodels
import statsmodels.api
import statsmodels.stats.proportion
from scipy import optimize, stats

ROOM = pathlib.Path(__file__).resolve().parent.parent / "test" / "fixtures" / "statistics"
MADE_BY = (f"scripts/fixtures-statistics.py; SciPy {scipy.__version__}, "
           f"statsmodels {statsmodels.__version__}, NumPy {numpy.__version__}")


def write(name, columns, rows):
    ROOM.mkdir(parents=True, exist_ok=True)
    with open(ROOM / name, "w", encoding="ascii") as file:
        file.write(f"# {MADE_BY}\n# {columns}\n")
        for row in rows:
            file.write(" ".join(f"{number:.12g}" for number in row) + "\n")


def fisher_all(n1, n2):
    """Fisher's two-sided p of every table of n1 and n2 trials."""
    p = numpy.empty((n1 + 1, n2 + 1))
    for m in range(n1 + n2 + 1):
        xs = numpy.arange(max(0, m - n2), min(n1, m) + 1)
        pmf = stats.hypergeom.pmf(xs, n1 + n2, n1, m)
        for x, own in zip(xs, pmf):
            p[x, m - x] = pmf[pmf <= own * (1 + 1e-7)].sum()
    return p


def boschloo(s1, n1, s2, n2):
    """With Fisher's two-sided p as the statistic: by the sum over all tables, the long way."""
    fisher = fisher_all(n1, n2)
    region = (fisher <= fisher[s1, s2] * (1 + 1e-7)).astype(float)

    def level(rate):
        return float(stats.binom.pmf(numpy.arange(n1 + 1), n1, rate) @ region
                     @ stats.binom.pmf(numpy.arange(n2 + 1), n2, rate))

    rates = numpy.linspace(0, 1, 1001)
    levels = [level(rate) for rate in rates]
    best = max(levels)
    for i in range(1, 1000):
        if levels[i] >= max(levels[i - 1], levels[i + 1]):
            found = optimize.minimize_scalar(lambda rate: -level(rate), method="bounded",
                                             bounds=(rates[i - 1], rates[i + 1]),
                                             options={"xatol": 1e-10})
            best = max(best, -found.fun)
    return fisher[s1, s2], best


def tables():
    generator = numpy.random.default_rng(9)
    cases = [(7, 34, 1, 34), (1, 34, 7, 34), (8, 14, 1, 11), (7, 15, 12, 15), (74, 105, 43, 75),
             (0, 10, 0, 10), (0, 10, 10, 10), (3, 3, 0, 4), (0, 25, 5, 25), (50, 100, 50, 100), (150, 300, 116, 300),
             (290, 300, 280, 300), (9, 400, 0, 130)]
    for _ in range(30):
        n1, n2 = (int(n) for n in generator.integers(2, 60, 2))
        cases.append((int(generator.integers(0, n1 + 1)), n1, int(generator.integers(0, n2 + 1)), n2))
    rows = []
    for s1, n1, s2, n2 in cases:
        table = [[s1, s2], [n1 - s1, n2 - s2]]
        fisher, two_sided = boschloo(s1, n1, s2, n2)
        central = stats.boschloo_exact(table, n=256).pvalue
        score = 1.0
        if 0 < s1 + s2 < n1 + n2:
            score = stats.chi2_contingency(table, correction=False)[1]
        rows.append((s1, n1, s2, n2, stats.fisher_exact(table)[1], two_sided, central, score))
        assert math.isclose(fisher, rows[-1][4], rel_tol=1e-6)
    write("tables.txt", "successes trials successes trials; p of Fisher, Boschloo (Fisher's p as "
          "the statistic), Boschloo (SciPy, central), chi squared", rows)


def clusters():
    """One row a trial, crews of unlike size, whose trials are alike."""
    generator = numpy.random.default_rng(31)
    rows = []
    for crew in range(24):
        lean = generator.normal(0, 0.8)
        for _ in range(int(generator.integers(3, 15))):
            x = generator.normal()
            z = float(crew % 2)
            chance = 1 / (1 + math.exp(0.3 - 0.7 * x - 0.5 * z - lean))
            rows.append((int(generator.random() < chance), crew, 1.0, round(x, 6), z))
    data = numpy.array(rows)
    fits = []
    count = 24
    model = statsmodels.api.GLM(data[:, 0], data[:, 2:], family=statsmodels.api.families.Binomial())
    fit = model.fit(cov_type="cluster", tol=1e-14,
                    cov_kwds={"groups": data[:, 1].astype(int), "use_correction": False})
    covariance = fit.cov_params()
    fits.append((0, *fit.params, *covariance.ravel()))
    fits.append((1, *fit.params, *(covariance * count / (count - 1)).ravel()))
    write("clusters_data.txt", "success, cluster, columns of the design", rows)
    write("clusters_fits.txt", "CR0 or CR1, coefficients, covariance", fits)


def entropy(*columns):
    """Of the joint of columns, in bits, and how many values it takes."""
    counts = numpy.unique(numpy.array(columns), axis=1, return_counts=True)[1]
    return stats.entropy(counts, base=2), len(counts)


def information(x, y, z):
    """I(X; Y | Z) by four entropies, plug-in, and Miller and Madow's bias."""
    parts = [entropy(x, z), entropy(y, z), entropy(x, y, z), entropy(z)]
    signs = (1, 1, -1, -1)
    plugin = sum(sign * part[0] for sign, part in zip(signs, parts))
    bias = -sum(sign * part[1] for sign, part in zip(signs, parts)) / (2 * len(x) * math.log(2))
    return plugin, bias


def windows(runs, ahead, from_history, to_history):
    """(to at t + ahead, history of from, history of to) over all runs."""
    rows = []
    for source, target in runs:
        for t in range(max(from_history, to_history) - 1, len(source) - ahead):
            before = "".join(str(s) for s in source[t - from_history + 1:t + 1])
            own = "".join(str(s) for s in target[t - to_history + 1:t + 1])
            rows.append((int(target[t + ahead]), int("1" + before), int("1" + own)))
    return numpy.array(rows).T


def series():
    generator = numpy.random.default_rng(77)
    runs = []
    for length in (1, 40, 3, 75, 130):
        source = generator.integers(0, 3, length)
        target = numpy.zeros(length, dtype=int)
        for t in range(1, length):
            heard = int(source[t - 1] > 0) if generator.random() < 0.5 else target[t - 1]
            target[t] = heard if generator.random() < 0.8 else generator.integers(0, 2)
        runs.append((source, target))
    source, target = (numpy.concatenate(part) for part in zip(*runs))
    write("series_data.txt", "run, from (3 symbols), to (2 symbols)",
          [(i, s, t) for i, run in enumerate(runs) for s, t in zip(*run)])
    none = numpy.zeros(len(source), dtype=int)
    given = numpy.concatenate([numpy.full(len(run[0]), i) for i, run in enumerate(runs)])
    rows = [(0, 0, 0, *information(source, target, none)),
            (1, 0, 0, *information(source, target, given))]
    for lag in (0, 1, 2, 7):
        x, y, _ = windows(runs, lag, 1, 1)
        rows.append((2, lag, 0, *information(x, y, numpy.zeros_like(x))))
    for from_history, to_history in ((1, 1), (2, 1), (1, 3), (3, 2)):
        rows.append((3, from_history, to_history,
                     *information(*windows(runs, 1, from_history, to_history))))
    write("series_information.txt", "0 mutual, 1 given the run, 2 delayed by (lag), "
          "3 transfer with histories (from, to); bits plug-in, bias", rows)


def powers():
    """By the sum over all tables, with both tests made on every table."""
    rows = []
    for first, n1, second, n2, alpha in (
            (0.4, 60, 0.6, 60, 0.05), (0.1, 40, 0.35, 25, 0.05), (0.02, 100, 0.15, 90, 0.01),
            (0.5, 30, 0.5, 30, 0.05), (0, 20, 0.3, 20, 0.05), (0.9, 15, 0.4, 80, 0.05),
            (0.4, 150, 0.513, 150, 0.05), (1, 10, 0, 5, 0.001)):
        x = numpy.arange(n1 + 1)
        y = numpy.arange(n2 + 1)
        pooled = (x[:, None] + y) / (n1 + n2)
        with numpy.errstate(divide="ignore", invalid="ignore"):
            z = (x[:, None] / n1 - y / n2) / numpy.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
        score = 2 * stats.norm.sf(abs(z)) <= alpha
        fisher = fisher_all(n1, n2) <= alpha
        weights = stats.binom.pmf(x, n1, first)[:, None] * stats.binom.pmf(y, n2, second)
        rows.append((first, n1, second, n2, alpha, weights[score].sum(), weights[fisher].sum()))
    write("power.txt", "rate, trials, rate, trials, level; power of the score test, of Fisher's",
          rows)


def coverage():
    """The exact coverage of 95% intervals, by the sum over all outcomes, on a grid of rates."""
    methods = {"wilson": 0, "beta": 1}
    rows = []
    grid = numpy.arange(1, 200) / 200
    for name, method in methods.items():
        for n in (5, 10, 20, 50, 100):
            limits = numpy.array([statsmodels.stats.proportion.proportion_confint(
                s, n, 0.05, name) for s in range(n + 1)])
            part = [stats.binom.pmf(numpy.arange(n + 1), n, p)[
                (limits[:, 0] <= p) & (p <= limits[:, 1])].sum() for p in grid]
            rows.append((method, n, 0, min(part), numpy.mean(part)))
    for n1, n2 in ((10, 10), (20, 35)):
        limits = numpy.array([[statsmodels.stats.proportion.confint_proportions_2indep(
            s, n1, t, n2, method="newcomb", compare="diff") for t in range(n2 + 1)]
            for s in range(n1 + 1)])
        part = []
        for p in numpy.arange(1, 20) / 20 + 0.003:
            for q in numpy.arange(1, 20) / 20 + 0.001:
                weights = (stats.binom.pmf(numpy.arange(n1 + 1), n1, p)[:, None]
                           * stats.binom.pmf(numpy.arange(n2 + 1), n2, q))
                inside = (limits[:, :, 0] <= p - q) & (p - q <= limits[:, :, 1])
                part.append(weights[inside].sum())
        rows.append((2, n1, n2, min(part), numpy.mean(part)))
    write("coverage.txt", "0 Wilson, 1 Clopper and Pearson, 2 Newcombe; trials (of both arms); "
          "least and mean coverage", rows)


if __name__ == "__main__":
    powers()
    coverage()
    series()
    tables()
    clusters()
