"""Compares what two findings say of the same arm: for each measure the difference of the rates with
Newcombe's 95% interval (Statistics in Medicine 17, 1998, method 10: from two Wilson intervals), written
here anew so that the comparison does not rest on the program's own statistics. Prints TAP lines.

usage: worlds.py SIM.json LIVE.json... (the live ones are added up)"""
import json
import math
import sys

Z = 1.959963984540054
MEASURES = ("relaunched_by_peers", "relinked_by_peers", "masked")
EPISODES_LEAST = 400
WIDTH_MOST = 0.15
RATE_LEAST, RATE_MOST = 0.30, 0.70


def wilson(hits, trials):
    rate = hits / trials
    middle = rate + Z * Z / (2 * trials)
    spread = Z * math.sqrt(rate * (1 - rate) / trials + Z * Z / (4 * trials * trials))
    whole = 1 + Z * Z / trials
    return (middle - spread) / whole, (middle + spread) / whole


def newcombe(hits_1, trials_1, hits_2, trials_2):
    rate_1, rate_2 = hits_1 / trials_1, hits_2 / trials_2
    low_1, high_1 = wilson(hits_1, trials_1)
    low_2, high_2 = wilson(hits_2, trials_2)
    low = rate_1 - rate_2 - math.sqrt((rate_1 - low_1) ** 2 + (high_2 - rate_2) ** 2)
    high = rate_1 - rate_2 + math.sqrt((high_1 - rate_1) ** 2 + (rate_2 - low_2) ** 2)
    return low, high


# Newcombe 1998, table II, contrasts (a) and (h), method 10.
for given, want in (((56, 70, 48, 80), (0.0524, 0.3339)), ((10, 10, 0, 10), (0.6075, 1.0))):
    got = newcombe(*given)
    assert all(abs(a - b) < 0.0001 for a, b in zip(got, want)), (given, got)


def arm(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)["arms"][0]


sim = arm(sys.argv[1])
live = [arm(path) for path in sys.argv[2:]]


def say(good, words):
    print(("ok" if good else "not ok") + " - " + words)


def added(measure, key):
    return sum(one["measures"][measure][key] for one in live)


episodes = added(MEASURES[0], "trials")
say(episodes >= EPISODES_LEAST, f"the drill had {episodes} episodes, at least {EPISODES_LEAST}")
for measure in MEASURES:
    here = sim["measures"][measure]
    hits, trials = added(measure, "successes"), added(measure, "trials")
    low, high = newcombe(hits, trials, here["successes"], here["trials"])
    words = (
        f"{measure}: live {hits}/{trials} = {hits / trials:.3f}, "
        f"simulated {here['successes']}/{here['trials']} = {here['rate']:.3f}, "
        f"difference in [{low:.3f}, {high:.3f}]"
    )
    say(low <= 0 <= high, words + " holds 0")
    say(high - low <= WIDTH_MOST, f"{measure}: the interval is {high - low:.3f} wide, at most {WIDTH_MOST}")
    say(
        RATE_LEAST <= hits / trials <= RATE_MOST and RATE_LEAST <= here["rate"] <= RATE_MOST,
        f"{measure}: both rates lie between {RATE_LEAST} and {RATE_MOST}",
    )


def median(one):
    return one["times"]["relaunch_by_peers"]["median_ns"]["value"]


ours = sorted(median(one) for one in live)[len(live) // 2]
print(
    f"# time to relaunch by a peer, median: live {ours / 1e6:.1f} ms, simulated "
    f"{median(sim) / 1e6:.1f} ms, ratio {ours / median(sim):.2f}"
)
