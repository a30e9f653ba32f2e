#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/bytes.h"
#include "trace/format.h"

struct trace_writer {
    char *path;
    char *part; /* the unfinished file */
    int file;
    bool made; /* the unfinished file is ours to remove */
    uint32_t agents;
    uint32_t waiting; /* records not yet in a block */
    uint64_t blocks;
    uint64_t count;
    struct trace_digest *digest;
    unsigned char key[FORMAT_CHECKSUM_BYTES];
    struct error error; /* the first thing that went wrong; nothing is written after it */
    struct record records[FORMAT_BLOCK_RECORDS];
    unsigned char frame[FORMAT_FRAME_BYTES + FORMAT_BLOCK_BYTES_MAX];
};

static int write_all(struct trace_writer *writer, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(writer->file, bytes, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_set(&writer->error, ERROR_IO, "%s: cannot write: %s", writer->part,
                             strerror(errno));
        bytes += written;
        size -= (size_t)written;
    }
    return 0;
}

/* Writes the frame whose payload stands in writer->frame already. */
static int frame_write(struct trace_writer *writer, uint32_t tag, size_t size)
{
    unsigned char *frame = writer->frame;

    bytes_put32(frame, tag);
    bytes_put32(frame + 4, (uint32_t)size);
    format_checksum(frame, 8, frame + FORMAT_FRAME_BYTES, size, writer->key, frame + 8);
    return write_all(writer, frame, FORMAT_FRAME_BYTES + size);
}

static int block_write(struct trace_writer *writer)
{
    size_t size;

    if (writer->waiting == 0)
        return 0;
    size = block_encode(writer->records, writer->waiting, writer->blocks++,
                        writer->frame + FORMAT_FRAME_BYTES);
    writer->waiting = 0;
    return frame_write(writer, FORMAT_TAG_BLOCK, size);
}

static int head_write(struct trace_writer *writer, const struct trace_header *header)
{
    unsigned char head[FORMAT_HEAD_BYTES];
    unsigned char *bytes;
    size_t size, determining;
    int code = header_encode(header, &bytes, &size, &determining, &writer->error);

    if (code < 0)
        return code;
    writer->digest = digest_open(bytes, determining);
    memcpy(head, format_magic, FORMAT_MAGIC_BYTES);
    bytes_put32(head + FORMAT_MAGIC_BYTES, FORMAT_VERSION);
    bytes_put32(head + FORMAT_MAGIC_BYTES + 4, (uint32_t)size);
    format_checksum(head, FORMAT_MAGIC_BYTES + 8, bytes, size, NULL, head + FORMAT_MAGIC_BYTES + 8);
    memcpy(writer->key, head + FORMAT_MAGIC_BYTES + 8, sizeof writer->key);
    if (writer->digest == NULL)
        code = error_set(&writer->error, ERROR_MEMORY, "no memory for a trace's digest");
    if (code == 0)
        code = write_all(writer, head, sizeof head);
    if (code == 0)
        code = write_all(writer, bytes, size);
    free(bytes);
    return code;
}

/* Opens the unfinished file, locks it, and only then empties it: what another process writes at
 * this moment, and what an interrupted run has left, is not lost by a wrong name. */
static int part_open(struct trace_writer *writer)
{
    struct error *error = &writer->error;
    struct stat here, there;

    if (lstat(writer->path, &there) == 0 && !S_ISREG(there.st_mode))
        return error_set(error, ERROR_INPUT,
                         "%s: is not a regular file; give a trace a name of its own", writer->path);
    writer->file =
        open(writer->part, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (writer->file < 0)
        return error_set(error, ERROR_IO, "%s: cannot be made: %s", writer->part, strerror(errno));
    if (fstat(writer->file, &here) < 0 || !S_ISREG(here.st_mode))
        return error_set(error, ERROR_INPUT, "%s: is not a regular file", writer->part);
    if (flock(writer->file, LOCK_EX | LOCK_NB) < 0 || lstat(writer->part, &there) < 0 ||
        here.st_ino != there.st_ino || here.st_dev != there.st_dev)
        return error_set(error, ERROR_IO, "%s: another process is writing this trace",
                         writer->part);
    writer->made = true;
    if (ftruncate(writer->file, 0) < 0)
        return error_set(error, ERROR_IO, "%s: cannot be emptied: %s", writer->part,
                         strerror(errno));
    return 0;
}

int writer_open(struct trace_writer **result, const char *path, const char *part,
                const struct trace_header *header, struct error *error)
{
    struct trace_writer *writer = malloc(sizeof *writer);
    int code;

    assert(result != NULL && path != NULL && part != NULL && header != NULL);
    *result = NULL;
    if (writer == NULL)
        return error_set(error, ERROR_MEMORY, "no memory to write a trace");
    writer->path = strdup(path);
    writer->part = strdup(part);
    writer->file = -1;
    writer->made = false;
    writer->agents = header->agents;
    writer->waiting = 0;
    writer->blocks = writer->count = 0;
    writer->digest = NULL;
    writer->error = (struct error){0};
    if (writer->path == NULL || writer->part == NULL)
        code = error_set(&writer->error, ERROR_MEMORY, "no memory to write a trace");
    else
        code = part_open(writer);
    if (code == 0)
        code = head_write(writer, header);
    if (code < 0) {
        if (error != NULL)
            *error = writer->error;
        trace_writer_abandon(writer);
        return code;
    }
    *result = writer;
    return 0;
}

int trace_writer_open(struct trace_writer **writer, const char *path,
                      const struct trace_header *header, struct error *error)
{
    char *part;
    int code;

    if (asprintf(&part, "%s.part", path) < 0)
        return error_set(error, ERROR_MEMORY, "no memory to write a trace");
    code = writer_open(writer, path, part, header, error);
    free(part);
    return code;
}

int trace_writer_take(void *context, const struct record *record)
{
    struct trace_writer *writer = context;
    const char *wrong;

    if (writer->error.code < 0)
        return writer->error.code;
    wrong = record_check(record, writer->agents);
    if (wrong != NULL)
        return error_set(&writer->error, ERROR_INPUT, "%s: record %llu holds %s", writer->part,
                         (unsigned long long)writer->count, wrong);
    trace_digest_take(writer->digest, record);
    writer->records[writer->waiting++] = *record;
    writer->count++;
    return writer->waiting == FORMAT_BLOCK_RECORDS ? block_write(writer) : 0;
}

int trace_writer_flush(struct trace_writer *writer, bool sync, struct error *error)
{
    int code = writer->error.code;

    if (code == 0)
        code = block_write(writer);
    if (code == 0 && sync && fdatasync(writer->file) < 0)
        code = error_set(&writer->error, ERROR_IO, "%s: cannot be brought to the disk: %s",
                         writer->part, strerror(errno));
    if (code < 0 && error != NULL)
        *error = writer->error;
    return code;
}

/* A name lasts through a crash of the machine only once its directory is on the disk. */
static int directory_sync(struct trace_writer *writer)
{
    char *name = strdup(writer->path);
    int directory = name != NULL ? open(dirname(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int code = 0;

    /* Some file systems cannot sync a directory, and say so with EINVAL. */
    if (directory < 0 || (fsync(directory) < 0 && errno != EINVAL))
        code = error_set(&writer->error, ERROR_IO,
                         "%s: is complete, but its directory could not be brought to the disk: %s",
                         writer->path, strerror(errno));
    if (directory >= 0)
        close(directory);
    free(name);
    return code;
}

static int end_write(struct trace_writer *writer)
{
    unsigned char *payload = writer->frame + FORMAT_FRAME_BYTES;

    bytes_put64(payload, writer->count);
    trace_digest_close(writer->digest, payload + 8);
    writer->digest = NULL;
    return frame_write(writer, FORMAT_TAG_END, FORMAT_END_BYTES);
}

int trace_writer_close(struct trace_writer *writer, struct error *error)
{
    int code = writer->error.code;

    if (code == 0)
        code = block_write(writer);
    if (code == 0)
        code = end_write(writer);
    if (code == 0 && fsync(writer->file) < 0)
        code = error_set(&writer->error, ERROR_IO, "%s: cannot be brought to the disk: %s",
                         writer->part, strerror(errno));
    if (code == 0 && rename(writer->part, writer->path) < 0)
        code = error_set(&writer->error, ERROR_IO, "%s: cannot be renamed to %s: %s", writer->part,
                         writer->path, strerror(errno));
    if (code == 0) {
        writer->made = false;
        code = directory_sync(writer);
    }
    if (code < 0 && error != NULL)
        *error = writer->error;
    trace_writer_abandon(writer);
    return code;
}

void trace_writer_abandon(struct trace_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->made)
        unlink(writer->part);
    if (writer->file >= 0)
        close(writer->file);
    trace_digest_close(writer->digest, NULL);
    free(writer->path);
    free(writer->part);
    free(writer);
}
