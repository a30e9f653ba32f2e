#include "live/agent/checkpoint.h"

#include <assert.h>

#include "live/work/checkpoint.h"

#define MAGIC UINT32_C(0x50434f49)
#define HEAD_BYTES 18
#define BOND_BYTES 6
#define TAIL_BYTES 8

static bool has_history(const struct agent *agent, uint32_t slot)
{
    return agent->links[slot].bond != BOND_UNKNOWN;
}

size_t agent_checkpoint_save(const struct agent *agent, const struct worker *worker,
                             uint32_t number, unsigned char *bytes, size_t capacity)
{
    static unsigned char work[WORK_CHECKPOINT_BYTES_MAX];
    size_t work_size = worker_save(worker, work);
    size_t room = (capacity - HEAD_BYTES - TAIL_BYTES - work_size) / BOND_BYTES;
    bool all = agent->degree <= room;
    unsigned char *at = bytes, *count_at;
    uint32_t count = 0;

    assert(capacity >= WORK_CHECKPOINT_BYTES_MAX + 64);
    checkpoint_put(&at, MAGIC, 4);
    checkpoint_put(&at, AGENT_CHECKPOINT_VERSION, 2);
    checkpoint_put(&at, agent->id, 4);
    checkpoint_put(&at, number, 4);
    count_at = at;
    checkpoint_put(&at, 0, 4);
    for (uint32_t slot = 0; slot < agent->degree && count < room; slot++) {
        if (!all && !has_history(agent, slot))
            continue;
        checkpoint_put(&at, agent->peers[slot], 4);
        checkpoint_put(&at, (uint16_t)agent->links[slot].bond, 2);
        count++;
    }
    checkpoint_put(&count_at, count, 4);
    checkpoint_put(&at, work_size, 4);
    for (size_t i = 0; i < work_size; i++)
        *at++ = work[i];
    checkpoint_put(&at, checkpoint_digest(CHECKPOINT_DIGEST_START, bytes, (size_t)(at - bytes)), 4);
    assert((size_t)(at - bytes) <= capacity);
    return (size_t)(at - bytes);
}

/* A bond that an agent can have. */
static bool bond_valid(int16_t bond)
{
    return bond == BOND_UNKNOWN || (bond >= -BOND_ONE && bond <= BOND_ONE);
}

/* Walks the bonds; sets them only once they have been found right. */
static bool bonds_read(struct agent *agent, struct checkpoint_reader reader, uint32_t count,
                       bool set)
{
    for (uint32_t i = 0; i < count; i++) {
        agent_id peer = (agent_id)checkpoint_take(&reader, 4);
        int16_t bond = (int16_t)(uint16_t)checkpoint_take(&reader, 2);
        uint32_t slot = agent_find_peer(agent, peer);

        if (reader.bad || !bond_valid(bond))
            return false;
        if (set && slot != UINT32_MAX)
            agent->links[slot].bond = bond;
    }
    return true;
}

int agent_checkpoint_restore(struct agent *agent, struct worker *worker, uint32_t *number,
                             const unsigned char *bytes, size_t size, struct error *error)
{
    struct checkpoint_reader reader = {bytes, bytes + size, false};
    struct checkpoint_reader tail, bonds;
    uint32_t saved, count, work_size;
    int code;

    if (checkpoint_take(&reader, 4) != MAGIC ||
        checkpoint_take(&reader, 2) != AGENT_CHECKPOINT_VERSION)
        return error_set(error, ERROR_INPUT, "this is no checkpoint of an agent of this version");
    if (checkpoint_take(&reader, 4) != agent->id)
        return error_set(error, ERROR_INPUT, "this is another agent's checkpoint");
    saved = (uint32_t)checkpoint_take(&reader, 4);
    count = (uint32_t)checkpoint_take(&reader, 4);
    if (reader.bad || size < HEAD_BYTES + TAIL_BYTES ||
        count > (size - HEAD_BYTES - TAIL_BYTES) / BOND_BYTES)
        return error_set(error, ERROR_CORRUPT, "the checkpoint is torn");
    tail = (struct checkpoint_reader){bytes + size - 4, bytes + size, false};
    if (checkpoint_take(&tail, 4) != checkpoint_digest(CHECKPOINT_DIGEST_START, bytes, size - 4))
        return error_set(error, ERROR_CORRUPT, "the checkpoint is torn or altered");
    bonds = reader;
    reader.at += (size_t)count * BOND_BYTES;
    work_size = (uint32_t)checkpoint_take(&reader, 4);
    if (!bonds_read(agent, bonds, count, false) || reader.bad ||
        work_size != (size_t)(reader.end - reader.at) - 4)
        return error_set(error, ERROR_CORRUPT, "the checkpoint says what cannot be");
    code = worker_restore(worker, reader.at, work_size, error);
    if (code != 0)
        return code;
    bonds_read(agent, bonds, count, true);
    *number = saved;
    return 0;
}
