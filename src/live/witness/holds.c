#include "live/witness/holds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live/witness/proc.h"

static uint32_t place_of(const struct things *things, dev_t device, ino_t inode)
{
    uint64_t mixed = ((uint64_t)inode + ((uint64_t)device << 40)) * UINT64_C(0x9E3779B97F4A7C15);

    return (uint32_t)(mixed >> 32) & (things->places_count - 1);
}

static struct thing *thing_find(const struct things *things, dev_t device, ino_t inode)
{
    uint32_t place = place_of(things, device, inode);

    while (things->places[place].agent != AGENT_NONE &&
           (things->places[place].device != device || things->places[place].inode != inode))
        place = (place + 1) & (things->places_count - 1);
    return &things->places[place];
}

static int places_make(struct things *things, uint32_t count)
{
    things->places = malloc(count * sizeof *things->places);
    if (things->places == NULL)
        return -1;
    things->places_count = count;
    for (uint32_t i = 0; i < count; i++)
        things->places[i].agent = AGENT_NONE;
    return 0;
}

int things_open(struct things *things, uint32_t expected, struct error *error)
{
    uint32_t count = 64;

    memset(things, 0, sizeof *things);
    while (count / 2 < expected && count < UINT32_C(1) << 24)
        count *= 2;
    if (places_make(things, count) < 0)
        return error_set(error, ERROR_MEMORY, "no memory for %u things", expected);
    return 0;
}

void things_close(struct things *things)
{
    free(things->places);
    memset(things, 0, sizeof *things);
}

static int things_grow(struct things *things)
{
    struct things old = *things;

    if (places_make(things, old.places_count * 2) < 0) {
        *things = old;
        return -1;
    }
    for (uint32_t i = 0; i < old.places_count; i++) {
        const struct thing *thing = &old.places[i];

        if (thing->agent != AGENT_NONE)
            *thing_find(things, thing->device, thing->inode) = *thing;
    }
    free(old.places);
    return 0;
}

int things_add(struct things *things, agent_id agent, int descriptor, struct error *error)
{
    struct stat facts;
    struct thing *thing;

    if (fstat(descriptor, &facts) < 0)
        return error_set(error, ERROR_INPUT, "descriptor %d cannot be an agent's own: %s",
                         descriptor, strerror(errno));
    /* All of the kernel's nameless objects (pidfds, epoll, ...) may share one inode, and what is a
     * file that others open says nothing of who holds it. */
    if (!S_ISSOCK(facts.st_mode) && !S_ISREG(facts.st_mode) && !S_ISFIFO(facts.st_mode))
        return error_set(error, ERROR_INPUT,
                         "descriptor %d is no socket, file or pipe: it has no identity of its own",
                         descriptor);
    if (things->count >= things->places_count / 2 && things_grow(things) < 0)
        return error_set(error, ERROR_MEMORY, "no memory for %u things", things->count + 1);
    thing = thing_find(things, facts.st_dev, facts.st_ino);
    if (thing->agent == AGENT_NONE)
        things->count++;
    *thing = (struct thing){facts.st_dev, facts.st_ino, agent};
    return 0;
}

void things_remove(struct things *things, int descriptor)
{
    struct stat facts;

    if (fstat(descriptor, &facts) == 0)
        things_forget(things, facts.st_dev, facts.st_ino);
}

void things_forget(struct things *things, dev_t device, ino_t inode)
{
    uint32_t mask = things->places_count - 1, hole, next;
    const struct thing *thing = thing_find(things, device, inode);

    if (thing->agent == AGENT_NONE)
        return;
    things->count--;
    /* Those behind it move up, where they may, so that no search ends at the hole. */
    hole = (uint32_t)(thing - things->places);
    for (next = (hole + 1) & mask; things->places[next].agent != AGENT_NONE;
         next = (next + 1) & mask) {
        uint32_t wanted = place_of(things, things->places[next].device, things->places[next].inode);

        if (((next - wanted) & mask) >= ((next - hole) & mask)) {
            things->places[hole] = things->places[next];
            hole = next;
        }
    }
    things->places[hole].agent = AGENT_NONE;
}

static int descriptors_look(const struct things *things, int folder,
                            void (*held)(void *context, agent_id agent), void *context)
{
    struct folder descriptors;
    const char *name;

    if (folder_open(&descriptors, folder, "fd") < 0)
        return -1;
    while ((name = folder_next(&descriptors, NULL)) != NULL) {
        struct stat facts;
        const struct thing *thing;

        if (fstatat(descriptors.descriptor, name, &facts, 0) < 0)
            continue;
        thing = thing_find(things, facts.st_dev, facts.st_ino);
        if (thing->agent != AGENT_NONE)
            held(context, thing->agent);
    }
    close(descriptors.descriptor);
    return 0;
}

int things_look(const struct things *things, int process_folder, bool threads,
                void (*held)(void *context, agent_id agent), void *context)
{
    struct folder tasks;
    const char *name;
    int code = -1;

    if (things->count == 0)
        return 0;
    if (!threads)
        return descriptors_look(things, process_folder, held, context);
    /* A thread may have left the others' table of descriptors, and the first may be gone. */
    if (folder_open(&tasks, process_folder, "task") < 0)
        return -1;
    while ((name = folder_next(&tasks, NULL)) != NULL) {
        int task = openat(tasks.descriptor, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

        if (task < 0)
            continue;
        if (descriptors_look(things, task, held, context) == 0)
            code = 0;
        close(task);
    }
    close(tasks.descriptor);
    return code;
}
