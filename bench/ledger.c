/*
 * Appends to a ledger, in batches, each durable when acknowledged: entries a second, beside the
 * floor in the same run, a bare write and fdatasync of the same bytes for each batch. Target:
 * 20,000 entries a second. The publications that appends cause by themselves are in the time.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "evidence/ledger.h"

#define ENTRY_BYTES 200 /* about a record of an order or a death, as JSON */
#define BATCH_MAX 1024

static struct error error;

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare_doubles(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

/* Seconds that a ledger takes for `batches`, and in `latency` those of the median batch. */
static double ledger_run(const char *folder, unsigned batch, unsigned batches, double *latency)
{
    static unsigned char bytes[BATCH_MAX][ENTRY_BYTES];
    static struct ledger_entry entries[BATCH_MAX];
    char path[256], key[256];
    struct ledger *ledger;
    double *each = malloc(batches * sizeof *each), began, all;

    snprintf(path, sizeof path, "%s/ledger-%u", folder, batch);
    snprintf(key, sizeof key, "%s/key-%u", folder, batch);
    for (unsigned i = 0; i < BATCH_MAX; i++) {
        memset(bytes[i], (int)i, ENTRY_BYTES);
        entries[i] = (struct ledger_entry){bytes[i], ENTRY_BYTES};
    }
    if (each == NULL || ledger_create(path, "example.org/bench", key, &error) < 0 ||
        ledger_open(&ledger, path, key, NULL, &error) < 0) {
        free(each);
        return -1;
    }
    all = seconds_now();
    for (unsigned i = 0; i < batches; i++) {
        began = seconds_now();
        memcpy(bytes[0], &i, sizeof i);
        if (ledger_append(ledger, entries, batch, NULL, &error) < 0) {
            ledger_abandon(ledger);
            free(each);
            return -1;
        }
        each[i] = seconds_now() - began;
    }
    all = seconds_now() - all;
    ledger_abandon(ledger);
    qsort(each, batches, sizeof *each, compare_doubles);
    *latency = each[batches / 2];
    free(each);
    return all;
}

/* The same bytes, appended to a file and brought to the disk batch by batch. */
static double floor_run(const char *folder, unsigned batch, unsigned batches)
{
    size_t size = JOURNAL_HEADER_BYTES + (size_t)batch * (2 + ENTRY_BYTES) + 200;
    unsigned char *bytes = calloc(1, size);
    char path[256];
    double began;
    int file;

    snprintf(path, sizeof path, "%s/floor-%u", folder, batch);
    file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file < 0 || bytes == NULL) {
        free(bytes);
        return -1;
    }
    began = seconds_now();
    for (unsigned i = 0; i < batches; i++) {
        memcpy(bytes, &i, sizeof i);
        if (write(file, bytes, size) != (ssize_t)size || fdatasync(file) < 0) {
            began = seconds_now() + 1;
            break;
        }
    }
    began = seconds_now() - began;
    close(file);
    free(bytes);
    return began;
}

int main(int argc, char **argv)
{
    static const unsigned BATCHES[] = {64, 256, 1024};
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    char folder[] = "bench-ledger-XXXXXX", command[64];
    int status = 0;

    /* Where the benchmark runs: /tmp may be in memory, where nothing has to be brought anywhere. */
    if (mkdtemp(folder) == NULL) {
        perror("bench-ledger");
        return 1;
    }
    for (size_t b = 0; b < sizeof BATCHES / sizeof *BATCHES && status == 0; b++) {
        unsigned batch = BATCHES[b], batches = quick ? 50 : 400;
        double latency = 0, bare = floor_run(folder, batch, batches),
               mine = ledger_run(folder, batch, batches, &latency);

        /* The disk's mood changes: the floor is taken before and after. */
        bare = (bare + floor_run(folder, batch, batches)) / 2;
        if (mine < 0 || bare <= 0) {
            fprintf(stderr, "bench-ledger: %s\n", error.message);
            status = 1;
            break;
        }
        printf("ledger, batches of %u: %.0f entries/s durable (median batch %.2f ms); bare write "
               "and fdatasync %.0f/s; %.2f times the floor (target 20000 entries/s)\n",
               batch, batch * batches / mine, latency * 1e3, batch * batches / bare, mine / bare);
    }
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0 /* NOLINT(cert-env33-c): a name of our own */ ? 1 : status;
}
