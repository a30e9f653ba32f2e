#include "pieces.h"

#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "live/agent/checkpoint.h"
#include "live/agent/config.h"
#include "live/range/cgroup.h"
#include "live/range/filter.h"
#include "live/wire/channel.h"
#include "live/wire/tools.h"
#include "measure.h"
#include "rounds.h"

#define DEGREE 8

/* A way to spawn, and what it is compared with. */
struct piece {
    const char *words;
    struct rounds_plan plan;
    int beside; /* number of another piece, or -1: the floor */
    bool failed;
    struct series series;
};

enum { PIECE_CLONE, PIECE_CGROUP, PIECE_NAMESPACES, PIECE_ALL, PIECE_AGENT, PIECE_SETTLE, PIECES };

static void pieces_fill(struct piece pieces[PIECES], int batch)
{
    static const char *const words[PIECES] = {"clone3 and execveat in place of posix_spawn",
                                              "clone into a cgroup of its own",
                                              "inside user, PID, mount, network, IPC namespaces",
                                              "under the range's filter of kernel calls",
                                              "... and loading the agent's own",
                                              "session, limits, credentials"};
    const struct rounds_plan plain = {
        .how = ROUNDS_CLONE, .count = batch, .cgroup = -1, .filter = -1, .over_all = -1};

    for (int i = 0; i < PIECES; i++)
        pieces[i] = (struct piece){.words = words[i], .plan = plain, .beside = PIECE_CLONE};
    pieces[PIECE_CLONE].beside = -1;
    pieces[PIECE_AGENT].beside = PIECE_ALL;
    pieces[PIECE_SETTLE].plan.settle = true;
    pieces[PIECE_NAMESPACES].plan.namespaces =
        CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC;
}

/* Both filters, as memfds; -1 where they cannot be built. */
static void filters_fill(struct piece pieces[PIECES])
{
    struct rounds_plan *all = &pieces[PIECE_ALL].plan, *agent = &pieces[PIECE_AGENT].plan;
    struct error error;
    bool fine = filter_build(FILTER_ALL, false, &all->over_all, &error) == 0 &&
                filter_build(FILTER_AGENT, false, &agent->filter, &error) == 0;

    agent->over_all = all->over_all;
    pieces[PIECE_ALL].failed = pieces[PIECE_AGENT].failed = !fine;
}

static struct cgroups *cgroups_fill(struct piece *piece)
{
    static const node_id node_of[1] = {0};
    struct cgroups *cgroups = calloc(1, sizeof *cgroups);
    struct cgroup_plan make = {
        .name = "bench-piece", .agents = 1, .nodes = 1, .node_of = node_of, .owner = getuid()};
    struct error error;

    piece->failed = true;
    if (cgroups == NULL)
        return NULL;
    cgroups_find(cgroups);
    if (cgroups->found && cgroups_make(cgroups, &make, &error) == 0) {
        piece->plan.cgroup = cgroups->agents[0];
        piece->failed = false;
    }
    return cgroups;
}

static void pieces_print(struct piece pieces[PIECES], int64_t floor)
{
    for (int i = 0; i < PIECES; i++) {
        struct piece *piece = &pieces[i];
        int64_t beside = piece->beside < 0 ? floor : series_median(&pieces[piece->beside].series);
        int64_t median = series_median(&piece->series);

        if (piece->failed)
            printf("  %-58s cannot be measured here\n", piece->words);
        else
            printf("  %-58s %9.1f us   99%% %9.1f us   n %zu   adds %+.1f us\n", piece->words,
                   (double)median / 1e3, (double)series_at(&piece->series, 0.99) / 1e3,
                   piece->series.count, (double)(median - beside) / 1e3);
    }
    fflush(stdout);
}

/* In turn, batch by batch, so that a neighbour's load falls on all; the floor once more beside. */
static void pieces_run(int batches, int batch)
{
    struct rounds_plan bare = {
        .how = ROUNDS_POSIX, .count = batch, .cgroup = -1, .filter = -1, .over_all = -1};
    struct series floor = {0};
    struct piece pieces[PIECES];
    struct cgroups *cgroups;

    pieces_fill(pieces, batch);
    filters_fill(pieces);
    cgroups = cgroups_fill(&pieces[PIECE_CGROUP]);
    for (int i = 0; i < batches; i++) {
        rounds_run(&bare, &floor);
        for (int p = 0; p < PIECES; p++)
            if (!pieces[p].failed)
                pieces[p].failed = !rounds_run(&pieces[p].plan, &pieces[p].series);
    }
    series_print_us("the floor again", &floor);
    pieces_print(pieces, series_median(&floor));
    for (int p = 0; p < PIECES; p++)
        series_free(&pieces[p].series);
    series_free(&floor);
    if (pieces[PIECE_ALL].plan.over_all >= 0)
        close(pieces[PIECE_ALL].plan.over_all);
    if (pieces[PIECE_AGENT].plan.filter >= 0)
        close(pieces[PIECE_AGENT].plan.filter);
    if (cgroups != NULL)
        cgroups_close(cgroups);
    free(cgroups);
}

/* What the daemon does for an agent before it asks for the process: token, channel, memfd. */
static void piece_config(int rounds)
{
    const size_t size = sizeof(struct agent_config) + DEGREE * sizeof(agent_id) +
                        (DEGREE + AGENT_LINKS_EXTRA) * sizeof(struct agent_peer);
    unsigned char *bytes = calloc(1, size);
    struct series series = {0};
    struct error error;

    for (int round = 0; bytes != NULL && round < rounds; round++) {
        int64_t began = now_ns();
        int memfd = -1, ends[2] = {-1, -1};

        if (getrandom(bytes, AGENT_TOKEN_BYTES, 0) != AGENT_TOKEN_BYTES ||
            channel_pair(ends, &error) != 0 || config_seal("own", bytes, size, &memfd, &error) != 0)
            break;
        series_add(&series, now_ns() - began);
        close(memfd);
        close(ends[0]);
        close(ends[1]);
    }
    series_print_us("token, channel, sealed configuration (before the spawn)", &series);
    series_free(&series);
    free(bytes);
}

/* Comes after the first instruction, and so is no part of what is compared. */
static void piece_checkpoint(int rounds)
{
    static unsigned char bytes[CHECKPOINT_BYTES_MAX];
    static const agent_id peers[DEGREE] = {1, 2, 3, 4, 5, 6, 7, 8};
    static struct agent_peer links[DEGREE + AGENT_LINKS_EXTRA];
    struct agent agent = {.id = 0, .degree = DEGREE, .peers = peers, .links = links};
    struct worker worker;
    struct series series = {0};
    struct error error;
    uint32_t number;
    size_t size;

    worker_start(&worker, WORK_LANGUAGE, 1, 0);
    size = agent_checkpoint_save(&agent, &worker, 1, bytes, sizeof bytes);
    for (int round = 0; round < rounds; round++) {
        int64_t began = now_ns();

        if (agent_checkpoint_restore(&agent, &worker, &number, bytes, size, &error) != 0)
            break;
        series_add(&series, now_ns() - began);
    }
    series_print_us("checkpoint read (after the first instruction)", &series);
    series_free(&series);
}

void pieces_measure(bool quick)
{
    puts("\n  what a range adds, each by itself (kill, waitpid, spawn, first instruction)");
    pieces_run(quick ? 1 : 5, quick ? 15 : 20);
    piece_config(100);
    piece_checkpoint(100);
}
