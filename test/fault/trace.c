/*
 * The goal: whichever allocation, read, write, sync or rename fails while a trace is written, read
 * or recovered, it is noticed, nothing leaks, and under the final name there stands what stood
 * there before or a whole trace. The limit: one fault at a time, in one thread.
 */
#include <criterion/criterion.h>

#include "lib/fault.h"
#include "lib/trace_sample.h"
#include "trace/tools.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(fault_trace, .fini = sample_clean);

#define RECORDS 9000

/* As sample_write, but it may fail. */
static int run_write(const char *path, struct error *error)
{
    struct trace_header header = sample_header();
    struct trace_writer *writer;
    struct record record;
    struct sample sample;
    int code = trace_writer_open(&writer, path, &header, error);

    if (code < 0)
        return code;
    sample_begin(&sample, header.agents);
    for (uint64_t i = 0; i < RECORDS; i++) {
        sample_next(&sample, &record);
        if (trace_writer_take(writer, &record) < 0)
            break;
    }
    return trace_writer_close(writer, error);
}

/* As run_write, but flushed after every FLUSHED records, every other time to the disk. Once a fault
 * came, no flush may say that all is well. */
#define FLUSHED 2500
static int run_flush(const char *path, struct error *error)
{
    struct trace_header header = sample_header();
    struct trace_writer *writer;
    struct record record;
    struct sample sample;
    bool failed = false;
    int code = trace_writer_open(&writer, path, &header, error);

    if (code < 0)
        return code;
    sample_begin(&sample, header.agents);
    for (uint64_t i = 0; i < RECORDS; i++) {
        sample_next(&sample, &record);
        failed = trace_writer_take(writer, &record) < 0 || failed;
        if ((i + 1) % FLUSHED != 0)
            continue;
        code = trace_writer_flush(writer, i / FLUSHED % 2 == 1, error);
        cr_assert(!failed || code < 0, "a writer that failed flushed");
        failed = failed || code < 0;
        cr_assert(code == 0 || error->message[0] != '\0');
    }
    code = trace_writer_close(writer, error);
    cr_assert(!failed || code < 0);
    return code;
}

/* The number of records in a whole trace, or a negative error code. */
static int64_t run_read(const char *path, struct error *error)
{
    struct trace_reader *reader;
    struct record record;
    int64_t count = 0;
    int code = trace_reader_open(&reader, path, error);

    if (code < 0)
        return code;
    while ((code = trace_reader_next(reader, &record, error)) > 0)
        count++;
    trace_reader_close(reader);
    return code < 0 ? code : count;
}

static int files_count(void)
{
    char directory[128];
    DIR *open;
    int count = 0;

    snprintf(directory, sizeof directory, "%s", sample_path(""));
    open = opendir(directory);
    for (struct dirent *entry; (entry = readdir(open)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(open);
    return count;
}

/* Fails the n-th call for every n, until none is left to fail; `before` records stood under the
 * name already. */
static void writes_with(int (*run)(const char *path, struct error *error), uint64_t last_sync,
                        enum fault_call call, int number, int64_t before)
{
    const char *path = sample_path("w.trace");

    for (uint64_t n = 1;; n++) {
        struct error error = {0};
        int64_t found;
        int code;

        unlink(path);
        if (before >= 0)
            sample_write(path, (uint64_t)before);
        fault_arm(call, n, number);
        code = run(path, &error);
        fault_disarm();
        found = access(path, F_OK) == 0 ? run_read(path, &error) : -1;
        if (!fault_came()) {
            cr_assert_eq(code, 0);
            cr_assert_eq(found, RECORDS);
            cr_assert(n > 1, "no call of kind %d was ever made", call);
            return;
        }
        if (number == FAULT_SHORT || number == EINTR) {
            cr_assert_eq(code, 0, "n = %lu: %s", (unsigned long)n, error.message);
            cr_assert_eq(found, RECORDS);
            continue;
        }
        cr_assert_lt(code, 0, "call %d, n = %lu went unnoticed", call, (unsigned long)n);
        cr_assert(error.message[0] != '\0');
        /* The very last sync is that of the directory: the file is whole and in place then. */
        cr_assert(found == before || (call == FAULT_FSYNC && n == last_sync && found == RECORDS) ||
                      (call == FAULT_ALLOCATE && found == RECORDS),
                  "call %d, n = %lu: %ld records are there", call, (unsigned long)n, (long)found);
        cr_assert_eq(files_count(), found >= 0, "call %d, n = %lu left a file behind", call,
                     (unsigned long)n);
    }
}

static void write_with(enum fault_call call, int number, int64_t before)
{
    writes_with(run_write, 2, call, number, before);
}

Test(fault_trace, allocations_fail_while_writing)
{
    write_with(FAULT_ALLOCATE, ENOMEM, -1);
    write_with(FAULT_ALLOCATE, ENOMEM, 17);
}

Test(fault_trace, writes_fail)
{
    write_with(FAULT_WRITE, ENOSPC, -1);
    write_with(FAULT_WRITE, EIO, 17);
}

/* Of three flushes one brings to the disk, before the two syncs at the end. */
Test(fault_trace, flushes_fail)
{
    writes_with(run_flush, 3, FAULT_WRITE, ENOSPC, -1);
    writes_with(run_flush, 3, FAULT_WRITE, EIO, 17);
    writes_with(run_flush, 3, FAULT_WRITE, FAULT_SHORT, -1);
    writes_with(run_flush, 3, FAULT_FSYNC, EIO, -1);
    writes_with(run_flush, 3, FAULT_FSYNC, ENOSPC, 17);
}

Test(fault_trace, writes_are_short_or_interrupted)
{
    write_with(FAULT_WRITE, FAULT_SHORT, -1);
    write_with(FAULT_WRITE, EINTR, 17);
}

Test(fault_trace, syncs_and_renames_fail)
{
    write_with(FAULT_FSYNC, EIO, -1);
    write_with(FAULT_FSYNC, ENOSPC, 17);
    write_with(FAULT_RENAME, EACCES, -1);
    write_with(FAULT_RENAME, EACCES, 17);
}

static void read_with(enum fault_call call, int number)
{
    const char *path = sample_path("r.trace");

    sample_write(path, RECORDS);
    for (uint64_t n = 1;; n++) {
        struct error error = {0};
        int64_t found;

        fault_arm(call, n, number);
        found = run_read(path, &error);
        fault_disarm();
        if (!fault_came() || number == FAULT_SHORT || number == EINTR)
            cr_assert_eq(found, RECORDS, "n = %lu: %s", (unsigned long)n, error.message);
        else
            cr_assert(found == ERROR_IO || found == ERROR_MEMORY, "call %d, n = %lu: %ld", call,
                      (unsigned long)n, (long)found);
        if (!fault_came())
            return;
    }
}

Test(fault_trace, reading)
{
    read_with(FAULT_ALLOCATE, ENOMEM);
    read_with(FAULT_READ, EIO);
    read_with(FAULT_READ, FAULT_SHORT);
    read_with(FAULT_READ, EINTR);
}

/* A disk that fails is no damage: recover must not take what it could not read for lost. */
static void recover_with(enum fault_call call, int number)
{
    const char *from = sample_path("from.trace"), *to = sample_path("to.trace");

    unlink(to);
    sample_write(from, RECORDS);
    for (uint64_t n = 1;; n++) {
        struct error error = {0}, other;
        uint64_t kept;
        int code;

        fault_arm(call, n, number);
        code = trace_recover(from, to, &kept, &error);
        fault_disarm();
        if (!fault_came()) {
            cr_assert_eq(code, 0);
            cr_assert_eq(run_read(to, &other), RECORDS);
            return;
        }
        cr_assert_lt(code, 0, "call %d, n = %lu went unnoticed", call, (unsigned long)n);
        cr_assert(error.message[0] != '\0');
        cr_assert(access(to, F_OK) != 0 || run_read(to, &other) == RECORDS);
        cr_assert_eq(run_read(from, &other), RECORDS);
        cr_assert_eq(files_count(), 1 + (access(to, F_OK) == 0));
        unlink(to);
    }
}

Test(fault_trace, recovering)
{
    recover_with(FAULT_ALLOCATE, ENOMEM);
    recover_with(FAULT_READ, EIO);
    recover_with(FAULT_WRITE, ENOSPC);
    recover_with(FAULT_FSYNC, EIO);
}

/* The tools may fail in any allocation of their own; what they print then does not matter. */
Test(fault_trace, tools_without_memory)
{
    const char *path = sample_path("t.trace");
    FILE *out = fopen("/dev/null", "w");

    sample_write(path, 30);
    for (int tool = 0; tool < 3; tool++) {
        for (uint64_t n = 1;; n++) {
            struct error error = {0};
            struct trace_stats stats;
            int code;

            fault_arm(FAULT_ALLOCATE, n, ENOMEM);
            if (tool == 0) {
                code = trace_stats_open(&stats, path, NULL, &error);
                if (code == 0)
                    trace_stats_close(&stats);
            } else if (tool == 1) {
                code = trace_why(path, "platform:0", false, out, &error);
            } else {
                code = trace_export(path, NULL, TRACE_PERFETTO, out, &error);
            }
            fault_disarm();
            if (!fault_came())
                break;
            cr_assert_eq(code, ERROR_MEMORY, "tool %d, n = %lu", tool, (unsigned long)n);
        }
    }
    fclose(out);
}
