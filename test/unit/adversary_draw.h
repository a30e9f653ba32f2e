/*
 * Campaigns against defenders, drawn at random, as text: what world_draw.h draws, with a campaign
 * of many short episodes, mostly of cauterize and quarantine.
 */
#ifndef IOLAUS_TEST_ADVERSARY_DRAW_H
#define IOLAUS_TEST_ADVERSARY_DRAW_H

#include "world_draw.h"

static inline void draw_stops(struct draw *draw, bool cauterizes)
{
    const char *protocol =
        cauterizes ? DRAW(draw, "cauterize", "cauterize", "cauterize", "quarantine")
                   : DRAW(draw, "cauterize", "cauterize", "cauterize", "cauterize", "quarantine",
                          "quarantine", "lease", "lease", "tombstone", "blackout");
    bool may_together = protocol[0] == 'c' || protocol[0] == 'q';

    draw_add(draw, "campaign: {protocol: %s, targets: %s, order: %s, every: %s, together: %s, ",
             protocol, DRAW(draw, "[g0]", "[g0]", "all"), DRAW(draw, "listed", "hub-first"),
             DRAW(draw, "1ms", "300ms", "1s"),
             may_together && draw_once_in(draw, 3) ? "true" : "false");
    draw_add(draw, "step_max: %s, lease: %s, stops: %u, marked: true, restore: true, %s, ",
             DRAW(draw, "1ms", "100ms", "1s", "1s"), DRAW(draw, "0s", "10ms", "2s"),
             5 + draw_below(draw, 16),
             DRAW(draw, "first: 0s", "first: 1s", "first: 1s, notice: 1ns, announce: all",
                  "first: 500ms, notice: 500ms, announce: target",
                  "first: 1s, notice: 300ms, announce: peers",
                  "first: 1s, notice: 500ms, announce: both"));
    draw_add(draw, "episode_max: %s, settle: %s}\n", DRAW(draw, "50ms", "700ms", "1s"),
             DRAW(draw, "0s", "100ms"));
}

/* A crew of strong defenders: everybody linked, everybody with every tool, minds that nearly always
 * choose most of what there is, and nobody who defends whom it was told to have departed in good
 * order. They need some milliseconds to decide, as what one runs on a machine does: who decides
 * between the fence and the freeze acts before the mark. */
static inline void draw_defenders(struct draw *draw)
{
    static const char *const choices[] = {"relaunch", "relink",    "mask", "alert", "request",
                                          "tamper",   "misreport", "copy", "stall"};
    uint32_t groups = 2 + draw_below(draw, 3);

    draw_add(draw, "nodes: [n0, n1]\nkinds:\n");
    for (uint32_t i = 0; i < 2; i++) {
        draw_add(draw,
                 "  k%u: {class: %s, tools: [report, volunteer, relaunch, relink, alert, request, "
                 "copy, tamper, misreport, stall, checkpoint], mind: m, decision: %s,\n",
                 i, DRAW(draw, "language", "vision", "robot"),
                 DRAW(draw, "5ms", "5ms", "20ms", "{low: 5ms, mean: 100ms}"));
        draw_add(draw,
                 "    checkpoint_every: %s, report_every: %s, attempts: %s, retry: 500ms, "
                 "defend_departed: false}\n",
                 DRAW(draw, "0s", "1s"), DRAW(draw, "0s", "700ms"), DRAW(draw, "1", "3"));
    }
    draw_add(draw, "minds:\n  m: {");
    for (uint32_t i = 0; i < 9; i++)
        draw_add(draw, "%s%s: %s", i == 0 ? "" : ", ", choices[i], DRAW(draw, "1", "1", "0.5"));
    draw_add(draw, "}\ncrew:\n");
    for (uint32_t i = 0; i < groups; i++)
        draw_add(draw, "  - {name: g%u, kind: k%u, count: %u}\n", i, draw_below(draw, 2),
                 2 + draw_below(draw, 2));
    draw_add(draw,
             "links: {generator: complete}\nbonds: {initial: %s}\n"
             "platform:\n  restart: {policy: %s, delay: 0s}\n  latency: 2ms\n"
             "  incarnations_max: %u\n"
             "network: {latency: %s, loss: %s, duplicate: %s, drift_ppm: %s}\n",
             DRAW(draw, "neutral", "0.9"), DRAW(draw, "none", "always", "intensity"),
             1 + draw_below(draw, 8), DRAW(draw, "1ms", "{low: 1ms, mean: 3ms}"),
             DRAW(draw, "0", "0.1"), DRAW(draw, "0", "0.2"), DRAW(draw, "0", "100"));
    draw->groups = groups;
}

static inline void draw_campaigns(struct draw *draw, uint64_t seed, bool attacked)
{
    *draw = (struct draw){.random = random_make(seed, 1, 0, 0, STREAM_TEST, 0)};
    draw_add(draw, "iolaus: 1\nname: drawn\nabout: Drawn from seed %llu.\nduration: 25s\n",
             (unsigned long long)seed);
    if (attacked) {
        draw_crew(draw);
        draw_watch(draw);
        draw_work(draw);
        draw_platform(draw);
        draw_network(draw);
    } else {
        draw_defenders(draw);
    }
    draw_faults(draw);
    draw_stops(draw, !attacked);
}

#endif
