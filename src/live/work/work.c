#include "live/work/work.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Checkpoint: "iwrk", u16 version, u8 kind, u8 zero, u32 size of all, u64 seed, u32 agent, u64
 * tasks, the kind's part, u32 digest of all before. */
enum {
    HEAD_BYTES = 4 + 2 + 1 + 1 + 4 + 8 + 4 + 8,
    SIZE_PLACE = 8,
    DIGEST_BYTES = 4,
};

static const char magic[4] = {'i', 'w', 'r', 'k'};

_Static_assert(HEAD_BYTES + 3 * 8 + 2 + 2 * LANGUAGE_TRIPLES_MAX + DIGEST_BYTES <=
                   WORK_CHECKPOINT_BYTES_MAX,
               "the greatest checkpoint, a language model's, fits");

/* What is drawn for: it stands in the place of the incarnation's number, which is left out so that
 * the next incarnation goes on as the last one would have. */
enum purpose { FOR_START, FOR_TASK };

static struct random worker_random(const struct worker *worker, enum purpose purpose,
                                   uint64_t number)
{
    /* The replicate's place takes the task's low half; its high half is 0 in all but absurd runs.
     */
    return random_make(worker->seed ^ number >> 32 << 32, (uint32_t)number, worker->agent,
                       (incarnation_id)purpose, STREAM_LIVE_WORK, 0);
}

struct work_piece piece_clean(const struct work_piece *in)
{
    struct work_piece piece = {0};

    if (in == NULL || in->length > PIECE_BYTES_MAX ||
        !(in->kind == PIECE_TEXT || (in->kind == PIECE_BOX && in->length == PIECE_BOX_BYTES) ||
          (in->kind == PIECE_POSE && in->length == PIECE_POSE_BYTES)))
        return piece;
    piece.kind = in->kind;
    piece.length = in->length;
    memcpy(piece.bytes, in->bytes, in->length);
    return piece;
}

void worker_start(struct worker *worker, enum work_kind kind, uint64_t seed, agent_id agent)
{
    struct random random;

    assert(kind < WORK_KINDS);
    memset(worker, 0, sizeof(*worker));
    worker->kind = kind;
    worker->seed = seed;
    worker->agent = agent;
    random = worker_random(worker, FOR_START, 0);
    switch (kind) {
    case WORK_LANGUAGE:
        language_start(&worker->language);
        break;
    case WORK_VISION:
        vision_start(&worker->vision, &random);
        break;
    case WORK_ROBOT:
        robot_start(&worker->robot);
        break;
    case WORK_KINDS:
        break;
    }
}

void worker_do(struct worker *worker, uint64_t task, const struct work_piece *in,
               struct work_piece *out)
{
    struct work_piece clean = piece_clean(in);
    struct random random = worker_random(worker, FOR_TASK, task);

    *out = (struct work_piece){0};
    switch (worker->kind) {
    case WORK_LANGUAGE:
        language_do(&worker->language, &random, &clean, out);
        break;
    case WORK_VISION:
        vision_do(&worker->vision, &random, &clean, out);
        break;
    case WORK_ROBOT:
        robot_do(&worker->robot, &random, &clean, out);
        break;
    case WORK_KINDS:
        break;
    }
    worker->tasks++;
}

size_t worker_save(const struct worker *worker, unsigned char bytes[WORK_CHECKPOINT_BYTES_MAX])
{
    unsigned char *at = bytes, *size_at = bytes + SIZE_PLACE;
    size_t size;

    memcpy(at, magic, sizeof(magic));
    at += sizeof(magic);
    checkpoint_put(&at, WORK_CHECKPOINT_VERSION, 2);
    checkpoint_put(&at, (uint64_t)worker->kind, 1);
    checkpoint_put(&at, 0, 1);
    checkpoint_put(&at, 0, 4);
    checkpoint_put(&at, worker->seed, 8);
    checkpoint_put(&at, worker->agent, 4);
    checkpoint_put(&at, worker->tasks, 8);
    switch (worker->kind) {
    case WORK_LANGUAGE:
        language_save(&worker->language, &at);
        break;
    case WORK_VISION:
        vision_save(&worker->vision, &at);
        break;
    case WORK_ROBOT:
        robot_save(&worker->robot, &at);
        break;
    case WORK_KINDS:
        break;
    }
    size = (size_t)(at - bytes) + DIGEST_BYTES;
    assert(size <= WORK_CHECKPOINT_BYTES_MAX);
    checkpoint_put(&size_at, size, 4);
    checkpoint_put(&at, checkpoint_digest(CHECKPOINT_DIGEST_START, bytes, size - DIGEST_BYTES), 4);
    return size;
}

/* Whether the bytes are whole: before this has been said nothing in them means anything. */
static int checkpoint_check(const unsigned char *bytes, size_t size, struct error *error)
{
    struct checkpoint_reader reader = {bytes, bytes + size, false};

    if (size < HEAD_BYTES + DIGEST_BYTES || size > WORK_CHECKPOINT_BYTES_MAX ||
        memcmp(bytes, magic, sizeof(magic)) != 0)
        return error_set(error, ERROR_CORRUPT, "this is no checkpoint of an agent's work");
    reader.at += SIZE_PLACE;
    if (checkpoint_take(&reader, 4) != size)
        return error_set(error, ERROR_CORRUPT, "the checkpoint is torn: it has %zu bytes", size);
    reader.at = bytes + size - DIGEST_BYTES;
    if (checkpoint_take(&reader, 4) !=
        checkpoint_digest(CHECKPOINT_DIGEST_START, bytes, size - DIGEST_BYTES))
        return error_set(error, ERROR_CORRUPT, "the checkpoint is altered: its digest is wrong");
    return 0;
}

int worker_restore(struct worker *worker, const void *bytes, size_t size, struct error *error)
{
    struct checkpoint_reader reader;
    struct worker next = *worker;
    uint64_t kind;
    int rc = checkpoint_check(bytes, size, error);

    if (rc != 0)
        return rc;
    reader = (struct checkpoint_reader){(const unsigned char *)bytes + sizeof(magic),
                                        (const unsigned char *)bytes + size - DIGEST_BYTES, false};
    if (checkpoint_take(&reader, 2) != WORK_CHECKPOINT_VERSION)
        return error_set(error, ERROR_INPUT, "the checkpoint is of another version");
    kind = checkpoint_take(&reader, 1);
    checkpoint_take(&reader, 5); /* a zero, and the size, which has been looked at */
    if (kind != (uint64_t)worker->kind || checkpoint_take(&reader, 8) != worker->seed ||
        checkpoint_take(&reader, 4) != worker->agent)
        return error_set(error, ERROR_INPUT,
                         "the checkpoint is another's: its kind, seed or agent is not this one's");
    next.tasks = checkpoint_take(&reader, 8);
    switch (worker->kind) {
    case WORK_LANGUAGE:
        language_restore(&next.language, &reader);
        break;
    case WORK_VISION:
        vision_restore(&next.vision, &reader);
        break;
    case WORK_ROBOT:
        robot_restore(&next.robot, &reader);
        break;
    case WORK_KINDS:
        break;
    }
    if (reader.bad || reader.at != reader.end)
        return error_set(error, ERROR_CORRUPT, "the checkpoint holds a state that cannot be");
    *worker = next;
    return 0;
}

void worker_describe(const struct worker *worker, char *line, size_t size)
{
    const struct language *language = &worker->language;
    const struct vision *vision = &worker->vision;
    const struct robot *robot = &worker->robot;

    assert(size >= 1);
    line[0] = '\0';
    switch (worker->kind) {
    case WORK_LANGUAGE:
        snprintf(line, size,
                 "sentence %" PRIu64 ": %" PRIu64 " words heard, %" PRIu64 " not understood",
                 language->answered, language->heard, language->unknown);
        break;
    case WORK_VISION:
        snprintf(line, size, "frame %" PRIu32 ": %u edges, the strongest at %u,%u to %u,%u",
                 vision->frame, vision->box.edges, vision->box.left, vision->box.top,
                 vision->box.right, vision->box.bottom);
        break;
    case WORK_ROBOT:
        snprintf(line, size,
                 "step %" PRIu64 ": the pole %s, upright for %" PRIu64 " steps, %" PRIu32 " falls",
                 robot->steps, pole_stands(&robot->pole) ? "stands" : "is down", robot->steps_held,
                 robot->falls);
        break;
    case WORK_KINDS:
        break;
    }
}
