/* Limits of an agent's process. Lowered before it loses its capabilities; hard limits too, so that
 * it cannot raise them. */
#include <errno.h>
#include <sys/resource.h>

#include "live/range/first.h"

static int limit_set(__rlimit_resource_t what, uint64_t value)
{
    struct rlimit limit = {value, value};
    struct rlimit now;

    if (setrlimit(what, &limit) == 0)
        return 0;
    /* The hard limit may be lower already, and stays. */
    if (errno != EPERM || getrlimit(what, &now) != 0 || now.rlim_max > value)
        return -errno;
    limit = (struct rlimit){now.rlim_max, now.rlim_max};
    return setrlimit(what, &limit) == 0 ? 0 : -errno;
}

int limits_set(const struct first_limits *limits)
{
    int status = limit_set(RLIMIT_NOFILE, limits->files);

    if (status == 0 && limits->memory_bytes != 0)
        status = limit_set(RLIMIT_AS, limits->memory_bytes);
    if (status == 0)
        status = limit_set(RLIMIT_NPROC, limits->processes);
    if (status == 0)
        status = limit_set(RLIMIT_FSIZE, limits->file_bytes);
    if (status == 0)
        status = limit_set(RLIMIT_CORE, 0);
    if (status == 0)
        status = limit_set(RLIMIT_MEMLOCK, 65536);
    if (status == 0)
        status = limit_set(RLIMIT_MSGQUEUE, 0);
    if (status == 0)
        status = limit_set(RLIMIT_SIGPENDING, 256);
    if (status == 0)
        status = limit_set(RLIMIT_NICE, 0);
    if (status == 0)
        status = limit_set(RLIMIT_RTPRIO, 0);
    return status;
}
