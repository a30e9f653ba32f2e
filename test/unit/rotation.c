/* Goal: traces of a daemon are cut by size and age, whole each, and the old ones are removed; a
 * file that a killed daemon left is recovered. Limits: the disk does not fill up here (test/fault).
 */
#include <criterion/criterion.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include "../lib/trace_sample.h"
#include "trace/rotation.h"

#define NOW INT64_C(1800000000) /* 2027-01-15T08:00:00Z */

static char folder[64];
static struct sample sample;
static struct trace_header header;

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/rotation-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    header = sample_header();
    sample_begin(&sample, header.agents);
}

static void remove_folder(void)
{
    char path[512];
    DIR *open_folder = opendir(folder);
    struct dirent *entry;

    while ((entry = readdir(open_folder)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    closedir(open_folder);
    rmdir(folder);
}

TestSuite(rotation, .init = make_folder, .fini = remove_folder);

/* How many files end so; the records of finished ones are read, and counted. */
static unsigned count_files(const char *ending, uint64_t *records)
{
    DIR *open_folder = opendir(folder);
    struct dirent *entry;
    unsigned count = 0;

    while ((entry = readdir(open_folder)) != NULL) {
        char path[512];
        size_t size = strlen(entry->d_name);
        struct trace_reader *reader;
        struct record record;
        struct error error = {0};
        int more;

        if (size < strlen(ending) || strcmp(entry->d_name + size - strlen(ending), ending) != 0)
            continue;
        count++;
        if (records == NULL)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        cr_assert_eq(trace_reader_open(&reader, path, &error), 0, "%s", error.message);
        while ((more = trace_reader_next(reader, &record, &error)) == 1)
            (*records)++;
        cr_assert_eq(more, 0, "%s", error.message);
        trace_reader_close(reader);
    }
    closedir(open_folder);
    return count;
}

static struct trace_rotation *open_rotation(const struct rotation_rules *rules, int64_t wall)
{
    struct trace_rotation *rotation;
    struct error error = {0};

    cr_assert_eq(trace_rotation_open(&rotation, rules, &header, wall, &error), 0, "%s",
                 error.message);
    return rotation;
}

static void take(struct trace_rotation *rotation, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct record record;

        sample_next(&sample, &record);
        cr_assert_eq(trace_rotation_take(rotation, &record), 0);
    }
}

static void tick(struct trace_rotation *rotation, int64_t wall)
{
    struct error error = {0};

    cr_assert_eq(trace_rotation_tick(rotation, wall, &error), 0, "%s", error.message);
}

static void close_rotation(struct trace_rotation *rotation, int64_t wall)
{
    struct error error = {0};

    cr_assert_eq(trace_rotation_close(rotation, wall, &error), 0, "%s", error.message);
}

Test(rotation, a_file_is_finished_at_its_age_and_loses_no_record)
{
    const struct rotation_rules rules = {.folder = folder, .name = "crew", .age_seconds = 60};
    struct trace_rotation *rotation = open_rotation(&rules, NOW);
    uint64_t records = 0;

    take(rotation, 100);
    tick(rotation, NOW + 59);
    cr_assert_eq(count_files(".trace", NULL), 0);
    tick(rotation, NOW + 60);
    cr_assert_eq(count_files(".trace", NULL), 1);
    take(rotation, 50);
    close_rotation(rotation, NOW + 61);
    cr_assert_eq(count_files(".trace", &records), 2);
    cr_assert_eq(records, 150);
    cr_assert_eq(count_files(".part", NULL), 0);
}

Test(rotation, a_file_is_finished_at_its_size)
{
    const struct rotation_rules rules = {.folder = folder, .name = "crew", .size_bytes = 20000};
    struct trace_rotation *rotation = open_rotation(&rules, NOW);
    uint64_t records = 0;

    for (uint32_t i = 0; i < 50; i++) {
        take(rotation, 100);
        tick(rotation, NOW + i);
    }
    close_rotation(rotation, NOW + 100);
    cr_assert_geq(count_files(".trace", &records), 3);
    cr_assert_eq(records, 5000);
}

Test(rotation, an_empty_file_is_not_rotated)
{
    const struct rotation_rules rules = {.folder = folder, .name = "crew", .age_seconds = 1};
    struct trace_rotation *rotation = open_rotation(&rules, NOW);

    tick(rotation, NOW + 100);
    cr_assert_eq(count_files(".trace", NULL), 0);
    close_rotation(rotation, NOW + 101);
}

static void age_all(int64_t wall)
{
    DIR *open_folder = opendir(folder);
    struct dirent *entry;

    while ((entry = readdir(open_folder)) != NULL) {
        char path[512];
        struct utimbuf times = {.actime = wall, .modtime = wall};

        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            utime(path, &times);
    }
    closedir(open_folder);
}

Test(rotation, old_files_go_by_number_by_size_and_by_age_and_strangers_stay)
{
    struct rotation_rules rules = {.folder = folder, .name = "crew", .age_seconds = 1};
    struct trace_rotation *rotation = open_rotation(&rules, NOW);
    char stranger[128];

    for (uint32_t i = 0; i < 6; i++) {
        take(rotation, 10);
        tick(rotation, NOW + 2 * (i + 1));
    }
    close_rotation(rotation, NOW + 20);
    snprintf(stranger, sizeof stranger, "%s/crew-notes.trace", folder);
    cr_assert_not_null(fopen(stranger, "w"));
    cr_assert_eq(count_files("Z.trace", NULL), 7);

    rules.keep_files = 4;
    close_rotation(open_rotation(&rules, NOW + 100), NOW + 101);
    cr_assert_eq(count_files("Z.trace", NULL), 4);
    rules.keep_files = 0;
    rules.keep_bytes = 1;
    close_rotation(open_rotation(&rules, NOW + 200), NOW + 201);
    cr_assert_eq(count_files("Z.trace", NULL), 1, "the newest stays, whatever its size");
    rules.keep_bytes = 0;
    rules.keep_seconds = 1000;
    age_all(NOW);
    close_rotation(open_rotation(&rules, NOW + 2000), NOW + 2000);
    cr_assert_eq(count_files("Z.trace", NULL), 1, "the old one is gone, the present one stays");
    cr_assert_eq(count_files("notes.trace", NULL), 1);
}

Test(rotation, what_a_killed_daemon_left_is_recovered)
{
    const struct rotation_rules rules = {.folder = folder, .name = "crew"};
    uint64_t records = 0;
    pid_t killed = fork();
    int status;

    if (killed == 0) {
        struct trace_rotation *rotation = open_rotation(&rules, NOW);

        take(rotation, 77);
        tick(rotation, NOW + 1);
        take(rotation, 5); /* lost: after the last tick */
        _exit(0);
    }
    waitpid(killed, &status, 0);
    cr_assert_eq(count_files(".part", NULL), 1);
    close_rotation(open_rotation(&rules, NOW + 10), NOW + 11);
    cr_assert_eq(count_files(".part", NULL), 0);
    count_files(".trace", &records);
    cr_assert_eq(records, 77);
}
