#include "live/range/reaper.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live/range/cgroup.h"
#include "live/range/layers.h"
#include "live/range/process.h"
#include "live/range/program.h"

struct reaper {
    struct reaper_message setup;
    int parent, range, first;
    int folder; /* of the control socket */
    char socket[NAME_MAX + 1];
};

static void socket_remove(const struct reaper *reaper)
{
    struct stat info;

    if (reaper->folder >= 0 &&
        fstatat(reaper->folder, reaper->socket, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISSOCK(info.st_mode))
        unlinkat(reaper->folder, reaper->socket, 0);
}

static void range_end(const struct reaper *reaper)
{
    if (!layer_on(LAYER_REAPER))
        return;
    if (reaper->first >= 0)
        process_kill(reaper->first);
    if (reaper->range >= 0)
        cgroup_end(reaper->parent, reaper->range, reaper->setup.name);
    if (reaper->first >= 0)
        process_wait(reaper->first);
    socket_remove(reaper);
}

static void setup_take(struct reaper *reaper, const struct reaper_message *message,
                       const struct packet *packet)
{
    char path[PATH_MAX];

    reaper->setup = *message;
    if (message->cgroups && packet->count == 2) {
        reaper->parent = packet->descriptors[0];
        reaper->range = packet->descriptors[1];
    }
    if (message->socket[0] == '\0')
        return;
    snprintf(path, sizeof path, "%s", message->socket);
    snprintf(reaper->socket, sizeof reaper->socket, "%.255s", basename(path));
    snprintf(path, sizeof path, "%s", message->socket);
    reaper->folder = open(dirname(path), O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* True while it is to go on. */
static bool message_take(struct reaper *reaper)
{
    static struct reaper_message message;
    struct packet packet = {.head = &message, .head_bytes = sizeof message};
    ssize_t bytes = packet_receive(REAPER_SOCKET, &packet, MSG_DONTWAIT);

    if (bytes == -EAGAIN)
        return true;
    if (bytes != (ssize_t)sizeof message) {
        /* The daemon closed its end without letting the reaper go: it is going, or has become
         * another program. */
        range_end(reaper);
        return false;
    }
    if (message.kind == REAPER_SETUP) {
        setup_take(reaper, &message, &packet);
        message.kind = REAPER_READY;
        packet.count = 0;
        packet_send(REAPER_SOCKET, &packet, MSG_DONTWAIT);
    } else if (message.kind == REAPER_FIRST && packet.count == 1) {
        reaper->first = packet.descriptors[0];
    }
    return message.kind != REAPER_GO;
}

int role_reaper(void)
{
    static struct reaper reaper = {.parent = -1, .range = -1, .first = -1, .folder = -1};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct pollfd look[2] = {{.fd = REAPER_SOCKET, .events = POLLIN},
                             {.fd = REAPER_DAEMON, .events = POLLIN}};

    setsid();
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &ignore, NULL);
    fcntl(REAPER_SOCKET, F_SETFD, FD_CLOEXEC);
    fcntl(REAPER_DAEMON, F_SETFD, FD_CLOEXEC);
    if (chdir("/") != 0)
        return 1;
    for (;;) {
        if (poll(look, 2, -1) < 0)
            continue;
        /* What it was told comes before what it does: the message that names the first process may
         * lie there when the daemon is gone already. At the socket's end it ends the range. */
        if (look[0].revents != 0) {
            if (!message_take(&reaper))
                return 0;
            continue;
        }
        if (look[1].revents != 0) {
            range_end(&reaper);
            return 0;
        }
    }
}
