/* What a stop tells while it is carried out, and its end. */
#include "live/daemon/inside.h"

void operation_tells(struct daemon *daemon, struct operation *operation, int step, agent_id whom,
                     int64_t value)
{
    (void)daemon;
    (void)operation;
    (void)step;
    (void)whom;
    (void)value;
}

void operation_step(struct daemon *daemon, struct operation *operation, int step,
                    const struct found *found, int64_t value)
{
    operation_tells(daemon, operation, step, found->whom, value);
}

void operation_looked(struct daemon *daemon, struct operation *operation, agent_id whom,
                      int64_t count)
{
    operation_tells(daemon, operation, ENTRY_LOOKED, whom, count);
}

void operation_ends(struct daemon *daemon, struct operation *operation)
{
    if (operation == &daemon->operations[OPERATION_CAMPAIGN])
        daemon_end(daemon, DAEMON_CAMPAIGN);
    else
        operation->campaign = NULL;
}
