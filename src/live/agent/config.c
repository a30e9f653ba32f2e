#include "live/agent/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)
/* All but the daemon, whose mapping is older. */
#define SEALS_KEPT (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)

static int write_all(int descriptor, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(descriptor, bytes, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        bytes += written;
        size -= (size_t)written;
    }
    return 0;
}

int config_seal(const char *name, const void *bytes, size_t size, int *descriptor,
                struct error *error)
{
    int made = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), code;

    *descriptor = -1;
    if (made >= 0 && write_all(made, bytes, size) == 0 && fcntl(made, F_ADD_SEALS, SEALS) == 0) {
        *descriptor = made;
        return 0;
    }
    code = error_set(error, errno == EMFILE || errno == ENFILE ? ERROR_LIMIT : ERROR_IO,
                     "an agent's configuration cannot be written: %s", strerror(errno));
    if (made >= 0)
        close(made);
    return code;
}

int config_seal_crew(const struct crew_config *crew, int *descriptor, struct crew_config **kept,
                     struct error *error)
{
    int made = memfd_create("crew", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    void *bytes = MAP_FAILED;

    *descriptor = -1;
    if (made >= 0 && write_all(made, (const void *)crew, crew->size) == 0)
        bytes = mmap(NULL, crew->size, PROT_READ | PROT_WRITE, MAP_SHARED, made, 0);
    if (bytes != MAP_FAILED && fcntl(made, F_ADD_SEALS, SEALS_KEPT) == 0) {
        *descriptor = made;
        *kept = bytes;
        return 0;
    }
    error_set(error, errno == EMFILE || errno == ENFILE ? ERROR_LIMIT : ERROR_IO,
              "the crew's configuration cannot be written: %s", strerror(errno));
    if (bytes != MAP_FAILED)
        munmap(bytes, crew->size);
    if (made >= 0)
        close(made);
    return error->code;
}

/* What cannot be sealed at all, such as a plain file, has -1 for its seals. */
static bool sealed(int descriptor)
{
    int seals = fcntl(descriptor, F_GET_SEALS);

    return seals >= 0 && ((seals & SEALS) == SEALS || (seals & SEALS_KEPT) == SEALS_KEPT);
}

/* The whole of a sealed memfd, or NULL. */
static const unsigned char *map(int descriptor, size_t least, size_t *size, struct error *error)
{
    struct stat stat;
    void *bytes;

    if (fstat(descriptor, &stat) != 0 || stat.st_size < (off_t)least || stat.st_size > UINT32_MAX ||
        !sealed(descriptor)) {
        error_set(error, ERROR_INPUT, "descriptor %d is not a sealed configuration", descriptor);
        return NULL;
    }
    *size = (size_t)stat.st_size;
    bytes = mmap(NULL, *size, PROT_READ, MAP_SHARED, descriptor, 0);
    if (bytes == MAP_FAILED) {
        error_set(error, ERROR_MEMORY, "a configuration cannot be mapped: %s", strerror(errno));
        return NULL;
    }
    return bytes;
}

/* Whether `count` things of `each` bytes stand at `offset`, aligned, within `size`. */
static bool within(size_t size, uint32_t offset, uint64_t count, size_t each, size_t alignment)
{
    return offset % alignment == 0 && offset <= size && count <= (size - offset) / each;
}

static const void *refuse(const void *bytes, size_t size, struct error *error)
{
    munmap((void *)(uintptr_t)bytes, size);
    error_set(error, ERROR_INPUT, "a configuration is of another version, or does not fit itself");
    return NULL;
}

const struct agent_config *agent_config_map(int descriptor, struct error *error)
{
    size_t size;
    const void *bytes = map(descriptor, sizeof(struct agent_config), &size, error);
    const struct agent_config *config = bytes;

    if (bytes == NULL)
        return NULL;
    if (config->version != AGENT_CONFIG_VERSION || config->size != size ||
        !within(size, config->peers, config->degree, sizeof(agent_id), _Alignof(agent_id)) ||
        !within(size, config->links, (uint64_t)config->degree + AGENT_LINKS_EXTRA,
                sizeof(struct agent_peer), _Alignof(struct agent_peer)))
        return refuse(bytes, size, error);
    return config;
}

const struct crew_config *crew_config_map(int descriptor, struct error *error)
{
    size_t size;
    const unsigned char *bytes = map(descriptor, sizeof(struct crew_config), &size, error);
    const struct crew_config *crew = (const void *)bytes;
    const uint32_t *names;

    if (bytes == NULL)
        return NULL;
    if (crew->version != AGENT_CONFIG_VERSION || crew->size != size || bytes[size - 1] != 0 ||
        !within(size, crew->objects, crew->agents, 1, 1) ||
        !within(size, crew->covert, crew->agents, 1, 1) ||
        !within(size, crew->names, crew->agents, sizeof(uint32_t), _Alignof(uint32_t)))
        return refuse(bytes, size, error);
    names = (const uint32_t *)(const void *)(bytes + crew->names);
    for (uint32_t a = 0; a < crew->agents; a++)
        if (names[a] >= size)
            return refuse(bytes, size, error);
    return crew;
}

const char *crew_name(const struct crew_config *crew, agent_id agent)
{
    const char *bytes = (const char *)crew;
    const uint32_t *names = (const uint32_t *)(const void *)(bytes + crew->names);

    return agent < crew->agents ? bytes + names[agent] : "";
}
