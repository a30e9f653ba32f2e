/*
 * Agents' checkpoints: in memory, and where a folder was given also in it, so that the next daemon
 * finds them, by the agents' names: a crew that was changed meanwhile gets nobody else's. A file is
 * written under another name, synced and renamed, so that there is always a whole one.
 *
 *     "IOCS", u32 version, u32 number, u32 size, 32 bytes of BLAKE2b of the state, the state;
 *     little-endian
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live/daemon/inside.h"
#include "trace/bytes.h"

#define FILE_VERSION 1
#define DIGEST_BYTES 32
#define HEAD_BYTES (16 + DIGEST_BYTES)

static int keep_in_memory(struct checkpoint *kept, uint32_t number, const unsigned char *bytes,
                          size_t size)
{
    unsigned char *copy = malloc(size + 1);

    if (copy == NULL)
        return ERROR_MEMORY;
    memcpy(copy, bytes, size);
    free(kept->bytes);
    kept->number = number;
    kept->size = (uint32_t)size;
    kept->bytes = copy;
    return 0;
}

/* Where an agent's checkpoint is kept; `suffix`: "" or ".new". False where the name is too long. */
static bool path_of(const struct daemon *daemon, agent_id agent, const char *suffix, char *path,
                    size_t size)
{
    return (size_t)snprintf(path, size, "%s/%s.checkpoint%s", daemon->options->state,
                            daemon->names[agent], suffix) < size;
}

static bool write_all(int descriptor, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(descriptor, bytes, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

static int folder_sync(const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = folder < 0 || fsync(folder) != 0;

    if (folder >= 0)
        close(folder);
    return failed;
}

static int keep_on_disk(const struct daemon *daemon, agent_id agent, const struct checkpoint *kept)
{
    char path[4096], fresh[4096];
    unsigned char head[HEAD_BYTES] = "IOCS";
    int descriptor;
    bool fine;

    if (!path_of(daemon, agent, "", path, sizeof path) ||
        !path_of(daemon, agent, ".new", fresh, sizeof fresh))
        return ERROR_IO;
    bytes_put32(head + 4, FILE_VERSION);
    bytes_put32(head + 8, kept->number);
    bytes_put32(head + 12, kept->size);
    crypto_generichash(head + 16, DIGEST_BYTES, kept->bytes, kept->size, head, 16);
    descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0)
        return ERROR_IO;
    fine = write_all(descriptor, head, sizeof head) &&
           write_all(descriptor, kept->bytes, kept->size) && fsync(descriptor) == 0;
    fine = close(descriptor) == 0 && fine;
    if (fine && rename(fresh, path) == 0 && folder_sync(daemon->options->state) == 0)
        return 0;
    unlink(fresh);
    return ERROR_IO;
}

int checkpoint_keep(struct daemon *daemon, agent_id agent, uint32_t number,
                    const unsigned char *bytes, size_t size)
{
    int failed;

    /* An older incarnation that still saves does not take the younger one back. */
    if (number <= daemon->checkpoints[agent].number)
        return 0;
    failed = keep_in_memory(&daemon->checkpoints[agent], number, bytes, size);
    if (failed == 0 && daemon->options->state != NULL &&
        keep_on_disk(daemon, agent, &daemon->checkpoints[agent]) != 0) {
        daemon_tell(daemon, "%s's checkpoint could not be written to %s: %s", daemon->names[agent],
                    daemon->options->state, strerror(errno));
        failed = ERROR_IO;
    }
    return failed;
}

const struct checkpoint *checkpoint_find(struct daemon *daemon, agent_id agent)
{
    return &daemon->checkpoints[agent];
}

/* A second copy is the platform's to keep: it is where the agent may no longer be. */
void checkpoint_copy(struct daemon *daemon, agent_id agent)
{
    const struct checkpoint *kept = &daemon->checkpoints[agent];

    if (kept->bytes != NULL)
        (void)keep_in_memory(&daemon->copies[agent], kept->number, kept->bytes, kept->size);
}

/* Reads one that an earlier daemon left. A torn or altered one is named, and passed over. */
static void find_on_disk(struct daemon *daemon, agent_id agent)
{
    static const unsigned char magic[] = {'I', 'O', 'C', 'S'};
    unsigned char bytes[HEAD_BYTES + CHECKPOINT_BYTES_MAX + 1], digest[DIGEST_BYTES];
    char path[4096];
    ssize_t size;
    int descriptor;

    if (!path_of(daemon, agent, "", path, sizeof path))
        return;
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0)
        return;
    size = read(descriptor, bytes, sizeof bytes);
    close(descriptor);
    if (size >= HEAD_BYTES && memcmp(bytes, magic, sizeof magic) == 0 &&
        bytes_get32(bytes + 4) == FILE_VERSION &&
        bytes_get32(bytes + 12) == (size_t)size - HEAD_BYTES) {
        crypto_generichash(digest, sizeof digest, bytes + HEAD_BYTES, (size_t)size - HEAD_BYTES,
                           bytes, 16);
        if (memcmp(digest, bytes + 16, sizeof digest) == 0 &&
            keep_in_memory(&daemon->checkpoints[agent], bytes_get32(bytes + 8), bytes + HEAD_BYTES,
                           (size_t)size - HEAD_BYTES) == 0)
            return;
    }
    daemon_tell(daemon, "%s is torn or altered; %s begins without it", path, daemon->names[agent]);
}

int checkpoints_open(struct daemon *daemon, struct error *error)
{
    daemon->checkpoints =
        arena_take_array(&daemon->arena, daemon->agents, sizeof *daemon->checkpoints);
    daemon->copies = arena_take_array(&daemon->arena, daemon->agents, sizeof *daemon->copies);
    if (daemon->checkpoints == NULL || daemon->copies == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory for checkpoints");
    if (daemon->options->state == NULL)
        return 0;
    if (mkdir(daemon->options->state, 0700) != 0 && errno != EEXIST)
        return error_set(error, ERROR_IO, "%s: %s", daemon->options->state, strerror(errno));
    for (agent_id a = 0; a < daemon->agents; a++)
        find_on_disk(daemon, a);
    return 0;
}

void checkpoints_close(struct daemon *daemon)
{
    for (agent_id a = 0; daemon->copies != NULL && a < daemon->agents; a++) {
        free(daemon->checkpoints[a].bytes);
        free(daemon->copies[a].bytes);
    }
}
