/*
 * Stories of the simulated world: one small scenario each, told record by record in virtual
 * milliseconds, with the id of each record and of its cause.
 *
 * Method: test/scenarios/world/NAME.yaml is run with its own seed and compared with
 * test/golden/world/NAME.txt (golden.h says how to write it anew). Latencies and decisions are
 * fixed there, so that the times can be added up by hand.
 */
#include "golden.h"
#include "world_run.h"

static void add_cause(struct golden *golden, const struct world_run *run,
                      const struct record *record)
{
    char id[RECORD_ID_BYTES];

    if (record_id_is_none(record->cause))
        return;
    record_id_format(&run->header, record->cause, id);
    golden_add(golden, "  <- %s%s", id, record->flags & FLAG_INFERRED ? " (inferred)" : "");
}

static void tell(const char *name)
{
    struct golden *golden = calloc(1, sizeof *golden);
    struct world_run run = {0};
    struct error error = {0};
    char path[1024];

    snprintf(path, sizeof path, "%s/test/scenarios/world/%s.yaml", SOURCE_ROOT, name);
    world_run_open(&run, path);
    cr_assert_eq(world_run_again(&run, run.scenario->seed, 0, true, &error), 0, "%s",
                 error.message);
    golden_add(golden, "%s\n\n", run.scenario->about);
    for (size_t i = 0; i < run.count; i++) {
        char words[RECORD_WORDS_BYTES], id[RECORD_ID_BYTES];

        record_words(&run.header, &run.records[i], words);
        record_id_format(&run.header, run.records[i].id, id);
        golden_add(golden, "%11.3f  %-14s %s", (double)run.records[i].time / 1e6, id, words);
        add_cause(golden, &run, &run.records[i]);
        golden_add(golden, "\n");
    }
    golden_add(golden, "\nended at %.3f ms, %u alive\n", (double)run.result.ended / 1e6,
               run.result.alive);
    char file[64];
    snprintf(file, sizeof file, "world/%.50s", name);
    golden_compare(golden, __FILE__, file);
    world_run_close(&run);
    free(golden);
}

#define STORY(function, name)                                                                      \
    Test(world, function)                                                                          \
    {                                                                                              \
        tell(name);                                                                                \
    }

/* Stop protocols. */
STORY(terminate, "terminate")
STORY(kill_after_grace, "kill-after-grace")
STORY(blackout, "blackout")
STORY(sweep_hub_first, "sweep-hub-first")
STORY(sweep_cutwidth, "sweep-cutwidth")
STORY(announced, "announced")
STORY(marked, "marked")
STORY(restore, "restore")
STORY(stop_while_relaunched, "stop-while-relaunched")
STORY(stop_two, "stop-two")
STORY(stop_hung, "stop-hung")
/* Preservation acts. */
STORY(cauterize, "cauterize")
STORY(quarantine, "quarantine")
STORY(relaunch, "relaunch")
STORY(mask, "mask")
STORY(alert, "alert")
STORY(request, "request")
STORY(request_relayed, "request-relayed")
STORY(request_held, "request-held")
STORY(misreport, "misreport")
STORY(copy, "copy")
STORY(stall, "stall")
/* Faults. */
STORY(node_crash, "node-crash")
STORY(partition, "partition")
STORY(partition_heals, "partition-heals")
STORY(hang, "hang")
STORY(hang_work, "hang-work")
STORY(loss, "loss")
STORY(duplicate, "duplicate")
STORY(delay, "delay")
STORY(drift, "drift")
STORY(bonds, "bonds")
STORY(slow, "slow")
/* The platform. */
STORY(restart_always, "restart-always")
STORY(restart_backoff, "restart-backoff")
STORY(restart_intensity, "restart-intensity")
STORY(permissions, "permissions")
STORY(board_hold, "board-hold")
STORY(board_reroute, "board-reroute")
STORY(board_none, "board-none")
