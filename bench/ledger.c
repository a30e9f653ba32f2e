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

struct times {
    double ledger, floor;               /* seconds, all batches */
    double ledger_median, floor_median; /* seconds, a batch */
};

static int floor_append(int file, const unsigned char *bytes, size_t size)
{
    return write(file, bytes, size) == (ssize_t)size && fdatasync(file) == 0 ? 0 : -1;
}

/* A batch for the ledger and one for the bare file, in turn: what else the disk does, it does to
 * both. */
static int turns(struct ledger *ledger, int file, unsigned batch, unsigned batches,
                 double (*each)[2])
{
    static unsigned char bytes[BATCH_MAX][ENTRY_BYTES], bare[BATCH_MAX * (2 + ENTRY_BYTES) + 256];
    static struct ledger_entry entries[BATCH_MAX];
    size_t size = JOURNAL_HEADER_BYTES + (size_t)batch * (2 + ENTRY_BYTES) + 200;

    for (unsigned i = 0; i < BATCH_MAX; i++) {
        memset(bytes[i], (int)i, ENTRY_BYTES);
        entries[i] = (struct ledger_entry){bytes[i], ENTRY_BYTES};
    }
    for (unsigned i = 0; i < batches; i++) {
        double began = seconds_now();

        memcpy(bytes[0], &i, sizeof i);
        if (ledger_append(ledger, entries, batch, NULL, &error) < 0)
            return -1;
        each[i][0] = seconds_now() - began;
        memcpy(bare, &i, sizeof i);
        began = seconds_now();
        if (floor_append(file, bare, size) < 0)
            return error_set(&error, ERROR_IO, "the bare file cannot be written");
        each[i][1] = seconds_now() - began;
    }
    return 0;
}

static double column_sum(double (*each)[2], unsigned count, int column, double *median)
{
    double sum = 0, *sorted = malloc(count * sizeof *sorted);

    for (unsigned i = 0; sorted != NULL && i < count; i++)
        sum += sorted[i] = each[i][column];
    if (sorted != NULL) {
        qsort(sorted, count, sizeof *sorted, compare_doubles);
        *median = sorted[count / 2];
    }
    free(sorted);
    return sum;
}

static int run(const char *folder, unsigned batch, unsigned batches, struct times *times)
{
    double(*each)[2] = calloc(batches, sizeof *each);
    char path[256], key[256], bare[256];
    struct ledger *ledger = NULL;
    int file, code = -1;

    snprintf(path, sizeof path, "%s/ledger-%u", folder, batch);
    snprintf(key, sizeof key, "%s/key-%u", folder, batch);
    snprintf(bare, sizeof bare, "%s/bare-%u", folder, batch);
    file = open(bare, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file >= 0 && each != NULL && ledger_create(path, "example.org/bench", key, &error) == 0 &&
        ledger_open(&ledger, path, key, NULL, &error) == 0)
        code = turns(ledger, file, batch, batches, each);
    ledger_abandon(ledger);
    if (file >= 0)
        close(file);
    if (code == 0) {
        times->ledger = column_sum(each, batches, 0, &times->ledger_median);
        times->floor = column_sum(each, batches, 1, &times->floor_median);
    }
    free(each);
    return code;
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
        struct times times = {0};

        if (run(folder, batch, batches, &times) < 0) {
            fprintf(stderr, "bench-ledger: %s\n", error.message);
            status = 1;
            break;
        }
        printf("ledger, batches of %u: %.0f entries/s durable (median batch %.2f ms); bare write "
               "and fdatasync %.0f/s (%.2f ms); %.2f times the floor, the median batch %.2f "
               "times (target 20000 entries/s)\n",
               batch, batch * batches / times.ledger, times.ledger_median * 1e3,
               batch * batches / times.floor, times.floor_median * 1e3, times.ledger / times.floor,
               times.ledger_median / times.floor_median);
    }
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0 /* NOLINT(cert-env33-c): a name of our own */ ? 1 : status;
}
