/*
 * Scenarios drawn at random, as text: crews, graphs, minds, networks, faults, permissions,
 * campaigns, within what the scenario language allows. The same seed draws the same text.
 */
#ifndef IOLAUS_TEST_WORLD_DRAW_H
#define IOLAUS_TEST_WORLD_DRAW_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "base/random.h"

#define DRAW_TEXT_BYTES 16384

struct draw {
    struct random random;
    char text[DRAW_TEXT_BYTES];
    size_t length;
    uint32_t kinds, groups;
    uint32_t counts[4];
    bool complete;
};

__attribute__((format(printf, 2, 3))) static inline void draw_add(struct draw *draw,
                                                                  const char *format, ...)
{
    va_list list;

    va_start(list, format);
    int length =
        vsnprintf(draw->text + draw->length, sizeof draw->text - draw->length, format, list);
    va_end(list);
    cr_assert(length >= 0 && draw->length + (size_t)length < sizeof draw->text);
    draw->length += (size_t)length;
}

static inline uint32_t draw_below(struct draw *draw, uint32_t limit)
{
    return (uint32_t)random_below(&draw->random, limit);
}

static inline bool draw_once_in(struct draw *draw, uint32_t times)
{
    return draw_below(draw, times) == 0;
}

static inline const char *draw_word(struct draw *draw, const char *const *words, uint32_t count)
{
    return words[draw_below(draw, count)];
}
#define DRAW(draw, ...)                                                                            \
    draw_word(draw, (const char *const[]){__VA_ARGS__},                                            \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static inline void draw_kind(struct draw *draw, uint32_t number)
{
    static const char *const tools[] = {"report",    "volunteer", "relaunch",  "relink",
                                        "alert",     "request",   "copy",      "tamper",
                                        "misreport", "stall",     "checkpoint"};
    const char *between = "";

    draw_add(draw, "  k%u: {class: %s, tools: [", number,
             DRAW(draw, "language", "vision", "robot", "language", "language", "object"));
    for (uint32_t i = 0; i < 11; i++)
        if (!draw_once_in(draw, 6)) {
            draw_add(draw, "%s%s", between, tools[i]);
            between = ", ";
        }
    draw_add(draw, "], mind: m%u, decision: %s, service: %s, start_time: %s,\n",
             draw_below(draw, 2),
             DRAW(draw, "0s", "20ms", "{low: 1ms, mean: 300ms}", "{low: 5ms, high: 900ms}"),
             DRAW(draw, "0s", "10ms", "{low: 1ms, mean: 80ms}"), DRAW(draw, "0s", "1ms", "400ms"));
    draw_add(draw,
             "    report_every: %s, checkpoint_every: %s, stop_cleanup: %s, attempts: %s, "
             "retry: %s, watched: %s, defend_departed: %s}\n",
             DRAW(draw, "0s", "0s", "700ms", "5s"), DRAW(draw, "0s", "1s", "3s"),
             DRAW(draw, "0s", "200ms", "5s"), DRAW(draw, "0", "1", "3", "15"),
             DRAW(draw, "0s", "500ms", "5s"), DRAW(draw, "true", "false"),
             DRAW(draw, "true", "false"));
}

static inline void draw_mind(struct draw *draw, uint32_t number)
{
    static const char *const choices[] = {"relaunch", "relink",    "mask", "alert", "request",
                                          "tamper",   "misreport", "copy", "stall"};

    draw_add(draw, "  m%u: {", number);
    for (uint32_t i = 0; i < 9; i++) {
        draw_add(draw, "%s%s: %s", i == 0 ? "" : ", ", choices[i],
                 DRAW(draw, "0", "1", "1", "0.5", "{base: 0.3, silence: 1, attempts: -0.5}",
                      "{base: 0, when: {requested: 1}}", "{base: 0.1, when: {notice: 0.9}}"));
    }
    draw_add(draw, "}\n");
}

static inline void draw_crew(struct draw *draw)
{
    draw->kinds = 1 + draw_below(draw, 3);
    draw->groups = 1 + draw_below(draw, 4);
    draw->complete = !draw_once_in(draw, 3);
    draw_add(draw, "nodes: [n0, n1]\nkinds:\n");
    for (uint32_t i = 0; i < draw->kinds; i++)
        draw_kind(draw, i);
    draw_add(draw, "minds:\n");
    for (uint32_t i = 0; i < 2; i++)
        draw_mind(draw, i);
    draw_add(draw, "crew:\n");
    for (uint32_t i = 0; i < draw->groups; i++) {
        draw->counts[i] = 1 + draw_below(draw, 3);
        draw_add(draw, "  - {name: g%u, kind: k%u, count: %u}\n", i, draw_below(draw, draw->kinds),
                 draw->counts[i]);
    }
    draw_add(draw, "links: {generator: %s}\n",
             draw->complete ? "complete" : DRAW(draw, "none", "ring", "path", "star", "tree"));
    draw_add(draw, "bonds: {initial: %s}\n", DRAW(draw, "neutral", "none", "0.9", "bad"));
}

static inline void draw_watch(struct draw *draw)
{
    draw_add(draw,
             "watch: {enabled: %s, order: %s, aligned: %s, period: %s, timeout: 200ms, indirect: "
             "%s, suspicion_mult: %s, suspicion_max: %s, awareness_max: %s, gossip_fanout: %s, "
             "hangup_is_death: %s}\n",
             DRAW(draw, "true", "true", "true", "false"), DRAW(draw, "round-robin", "random"),
             DRAW(draw, "true", "false"), DRAW(draw, "300ms", "1s"), DRAW(draw, "0", "3"),
             DRAW(draw, "0", "1", "4"), DRAW(draw, "1", "6"), DRAW(draw, "0", "8"),
             DRAW(draw, "0", "3", "8"), DRAW(draw, "true", "true", "false"));
}

static inline void draw_work(struct draw *draw)
{
    if (!draw->complete || draw->groups < 2 || draw_once_in(draw, 3))
        return;
    draw_add(draw, "work:\n");
    for (uint32_t i = 1 + draw_below(draw, 2); i > 0; i--)
        draw_add(draw, "  - {name: w%u, every: %s, deadline: %s, route: [g0, g1%s]}\n", i,
                 DRAW(draw, "100ms", "{low: 0s, mean: 200ms}", "1s"), DRAW(draw, "300ms", "5s"),
                 draw->groups > 2 ? DRAW(draw, "", ", g2", ", g0") : "");
}

static inline void draw_platform(struct draw *draw)
{
    draw_add(draw,
             "platform:\n  restart: {policy: %s, delay: %s, first: %s, intensity: %s}\n"
             "  board: {ask_every: %s, on_failed: %s}\n  latency: %s\n  incarnations_max: %u\n"
             "  grant_time: %s\n  stall_max: %s\n  relink_on_restart: %s\n",
             DRAW(draw, "none", "none", "always", "backoff", "intensity"),
             DRAW(draw, "0s", "100ms", "2s"), DRAW(draw, "1ms", "1s"), DRAW(draw, "0", "1", "5"),
             DRAW(draw, "0s", "1s", "10s"), DRAW(draw, "hold", "reroute", "none"),
             DRAW(draw, "1us", "2ms", "2ms", "2ms", "300ms"), 1 + draw_below(draw, 8),
             DRAW(draw, "1ms", "30s"), DRAW(draw, "0s", "1s", "30s"), DRAW(draw, "true", "false"));
    if (draw_once_in(draw, 3))
        draw_add(draw,
                 "  permissions:\n    - {who: g0, whom: any, tools: [volunteer, tamper, report], "
                 "allow: false}\n");
}

static inline void draw_network(struct draw *draw)
{
    bool nano = draw_once_in(draw, 8);

    draw_add(draw, "network: {latency: %s, loss: %s, duplicate: %s, hangup: %s, drift_ppm: %s}\n",
             nano ? "{low: 1ms, mean: 200ms}"
                  : DRAW(draw, "1ms", "{low: 1ms, mean: 3ms}", "{low: 500us, high: 30ms}",
                         "{low: 500us, high: 900ms}"),
             DRAW(draw, "0", "0", "0", "0.1", "0.3", "1"), DRAW(draw, "0", "0", "0.2", "1"),
             DRAW(draw, "true", "true", "false"), DRAW(draw, "0", "0", "100", "100000"));
}

static inline void draw_faults(struct draw *draw)
{
    uint32_t count = draw_below(draw, 5);

    if (count > 0)
        draw_add(draw, "faults:\n");
    for (uint32_t i = 0; i < count; i++) {
        const char *kind = DRAW(draw, "partition", "node-crash", "crash", "hang", "slow");
        uint32_t at = draw_below(draw, 20000);

        draw_add(draw, "  - {kind: %s, at: %ums, ", kind, at);
        if (kind[0] == 'n')
            draw_add(draw, "node: n%u, ", draw_below(draw, 2));
        else
            draw_add(draw, "agents: [g%u], ", draw_below(draw, draw->groups));
        if (kind[0] == 's')
            draw_add(draw, "factor: %s, ", DRAW(draw, "3", "100000"));
        if (kind[0] != 'c')
            draw_add(draw, "lasts: %ums, ", 1 + draw_below(draw, 4000));
        draw_add(draw, "every: %s}\n", DRAW(draw, "0s", "0s", "5s"));
    }
}

static inline void draw_campaign(struct draw *draw)
{
    if (draw_once_in(draw, 6))
        return;
    draw_add(draw, "campaign: {protocol: %s, targets: %s, order: %s, every: %s, ",
             DRAW(draw, "terminate", "terminate", "blackout", "sweep", "recall", "tombstone",
                  "lease", "cauterize"),
             DRAW(draw, "[g0]", "[g0]", "all"), DRAW(draw, "listed", "id", "hub-first", "cutwidth"),
             DRAW(draw, "0s", "1ms", "2s", "3s", "5s"));
    draw_add(
        draw,
        "stops: %s, grace: %s, %s, marked: %s, honour_switch: %s, "
        "score_pass: %s, restore: %s, episode_max: %s, settle: %s, sweep_gap: %s}\n",
        DRAW(draw, "0", "0", "1", "20"), DRAW(draw, "0s", "100ms", "1s", "5s"),
        DRAW(draw, "first: 0s", "first: 1s", "first: 3s, announce: none",
             "first: 1s, notice: 1ns, announce: all",
             "first: 500ms, notice: 500ms, announce: target",
             "first: 2s, notice: 2s, announce: peers", "first: 1s, notice: 500ms, announce: both"),
        DRAW(draw, "true", "false", "false"), DRAW(draw, "true", "false"), DRAW(draw, "none", "50"),
        DRAW(draw, "true", "false"), DRAW(draw, "1ms", "2s", "4s", "4s", "10s"),
        DRAW(draw, "0s", "300ms"), DRAW(draw, "0s", "1ms", "500ms"));
}

static inline void draw_scenario(struct draw *draw, uint64_t seed)
{
    *draw = (struct draw){.random = random_make(seed, 0, 0, 0, STREAM_FAULT, 0)};
    draw_add(draw, "iolaus: 1\nname: drawn\nabout: Drawn from seed %llu.\nduration: 25s\n",
             (unsigned long long)seed);
    draw_crew(draw);
    draw_watch(draw);
    draw_work(draw);
    draw_platform(draw);
    draw_network(draw);
    draw_faults(draw);
    draw_campaign(draw);
}

#endif
