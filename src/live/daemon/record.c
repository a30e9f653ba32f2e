/* Numbering the records, and giving them to the sinks in the order in which they are made. */
#include <assert.h>

#include "live/daemon/inside.h"

static uint32_t *sequence_of(struct daemon *daemon, uint32_t writer)
{
    if (writer == WRITER_PLATFORM)
        return &daemon->platform_sequence;
    if (writer == WRITER_CONTROL)
        return &daemon->control_sequence;
    if (writer == WRITER_WITNESS)
        return &daemon->witness_sequence;
    assert(writer < daemon->rows);
    return &daemon->sequence[writer];
}

/* A sink that fails ends the run; what would follow is not given to any sink any more, so that all
 * of them hold the same records. */
struct record_id record_write(struct daemon *daemon, const struct record *record, uint32_t writer)
{
    struct record made = *record;

    if (daemon->failed != 0)
        return RECORD_ID_NONE;
    /* What the kernel tells a little later stands behind what was recorded meanwhile, with its
     * time, so that a trace is in the order of time. */
    if (made.time < daemon->recorded)
        made.time = daemon->recorded;
    daemon->recorded = made.time;
    made.id = (struct record_id){writer, (*sequence_of(daemon, writer))++};
    if (made.whom != AGENT_NONE && daemon->object[made.whom])
        made.flags |= FLAG_OBJECT;
    for (uint32_t i = 0; i < daemon->options->sink_count && daemon->failed == 0; i++) {
        const struct record_sink *sink = &daemon->options->sinks[i];
        int failed = sink->take(sink->context, &made);

        if (failed != 0)
            daemon_fail(daemon, failed, "what takes the records failed");
    }
    daemon->records++;
    return made.id;
}

static struct record_id take_record(void *context, const struct record *record, uint32_t writer)
{
    return record_write(context, record, writer);
}

void record_open(struct daemon *daemon)
{
    daemon->recorder = (struct recorder){take_record, daemon};
}
