#include "cli/order_sign.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "order/order.h"

int order_key_find(char *path, size_t size, struct error *error)
{
    static const char *const names[] = {"id_ed25519_sk", "id_ed25519"};
    const char *named = getenv("IOLAUS_KEY"), *home = getenv("HOME");

    if (named != NULL && named[0] != '\0') {
        if ((size_t)snprintf(path, size, "%s", named) < size)
            return 0;
        return error_set(error, ERROR_INPUT, "IOLAUS_KEY is too long");
    }
    for (size_t i = 0; home != NULL && i < sizeof names / sizeof names[0]; i++) {
        if ((size_t)snprintf(path, size, "%s/.ssh/%s", home, names[i]) >= size)
            continue;
        if (access(path, R_OK) == 0)
            return 0;
        /* Its private half may be in an agent: then the public one names it. */
        if ((size_t)snprintf(path, size, "%s/.ssh/%s.pub", home, names[i]) < size &&
            access(path, R_OK) == 0)
            return 0;
    }
    return error_set(error, ERROR_INPUT,
                     "with which key? Name it by --key FILE or IOLAUS_KEY; there is neither "
                     "~/.ssh/id_ed25519_sk nor ~/.ssh/id_ed25519 (`ssh-keygen -t ed25519` makes "
                     "one)");
}

/* The order goes in and the signature comes out by files that have no name. */
static int memory_file(const char *bytes, size_t size, struct error *error)
{
    int descriptor = memfd_create("iolaus-order", MFD_CLOEXEC);

    if (descriptor >= 0 && (size == 0 || (write(descriptor, bytes, size) == (ssize_t)size &&
                                          lseek(descriptor, 0, SEEK_SET) == 0)))
        return descriptor;
    if (descriptor >= 0)
        close(descriptor);
    return error_set(error, ERROR_IO, "the order cannot be handed to ssh-keygen: %s",
                     strerror(errno));
}

static int keygen_run(const char *key, int in, int out, struct error *error)
{
    char program[] = "ssh-keygen", quiet[] = "-q", mode[] = "-Y", sign[] = "sign", name[] = "-n",
         space[] = ORDER_NAMESPACE, file[] = "-f", *path = strdup(key);
    char *argv[] = {program, quiet, mode, sign, name, space, file, path, NULL};
    posix_spawn_file_actions_t actions;
    pid_t process;
    int failed, status = 0;

    if (path == NULL)
        return error_set(error, ERROR_MEMORY, "out of memory");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    failed = posix_spawnp(&process, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    free(path);
    if (failed != 0)
        return error_set(error, ERROR_MACHINE,
                         "ssh-keygen, which signs orders, cannot be run: %s (Debian: "
                         "openssh-client)",
                         strerror(failed));
    while (waitpid(process, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return error_set(error, ERROR_INPUT, "nothing was signed: ssh-keygen did not sign with %s",
                         key);
    return 0;
}

int order_sign(const char *key, const char *order, size_t size, char signature[SSHSIG_BYTES_MAX],
               size_t *signature_size, struct error *error)
{
    int in = memory_file(order, size, error);
    int out = in >= 0 ? memory_file("", 0, error) : -1;
    int failed = in < 0 ? in : out < 0 ? out : keygen_run(key, in, out, error);
    ssize_t got = 0;

    if (failed == 0)
        got = pread(out, signature, SSHSIG_BYTES_MAX, 0);
    if (failed == 0 && got <= 0)
        failed = error_set(error, ERROR_INPUT, "nothing was signed: ssh-keygen said nothing");
    *signature_size = failed == 0 ? (size_t)got : 0;
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return failed;
}
