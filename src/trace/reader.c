#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/bytes.h"
#include "trace/format.h"

struct trace_reader {
    char *path;
    int file;
    bool ended;      /* the end mark was right */
    uint64_t offset; /* of what is read next */
    uint64_t blocks;
    uint64_t count; /* records in the blocks read so far */
    uint32_t at;    /* of records: the next */
    uint32_t held;
    struct header_store store;
    struct trace_digest *digest;
    unsigned char key[FORMAT_CHECKSUM_BYTES];
    unsigned char found[32]; /* the digest, once it ended */
    struct error error;      /* what went wrong; it stays */
    struct record records[FORMAT_BLOCK_RECORDS];
    unsigned char frame[FORMAT_FRAME_BYTES + FORMAT_BLOCK_BYTES_MAX];
};

/* Reads up to `size` bytes; returns how many there were. */
static ssize_t read_up_to(struct trace_reader *reader, void *bytes, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t more = read(reader->file, (char *)bytes + done, size - done);

        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0) {
            error_set(&reader->error, ERROR_IO, "%s: byte %llu: cannot read: %s", reader->path,
                      (unsigned long long)reader->offset + done, strerror(errno));
            return -1;
        }
        if (more == 0)
            break;
        done += (size_t)more;
    }
    return (ssize_t)done;
}

static int torn(struct trace_reader *reader, uint64_t offset, const char *words)
{
    return error_set(&reader->error, ERROR_CORRUPT, "%s: byte %llu: %s", reader->path,
                     (unsigned long long)offset, words);
}

static int head_check(struct trace_reader *reader, const unsigned char *head, ssize_t got)
{
    uint32_t version;

    if (got < 0)
        return reader->error.code;
    if (got == 0)
        return torn(reader, 0, "the file is empty");
    if (memcmp(head, format_magic, got < FORMAT_MAGIC_BYTES ? (size_t)got : FORMAT_MAGIC_BYTES) !=
        0)
        return error_set(&reader->error, ERROR_INPUT, "%s: byte 0: this is not a trace of Iolaus",
                         reader->path);
    if (got < FORMAT_HEAD_BYTES)
        return torn(reader, (uint64_t)got, "the file ends within its header");
    version = bytes_get32(head + FORMAT_MAGIC_BYTES);
    if (version != FORMAT_VERSION)
        return error_set(&reader->error, ERROR_INPUT,
                         "%s: byte %d: is of format version %u, and this program reads version %d",
                         reader->path, FORMAT_MAGIC_BYTES, version, FORMAT_VERSION);
    return 0;
}

static int head_read(struct trace_reader *reader, uint64_t file_size)
{
    unsigned char head[FORMAT_HEAD_BYTES], checksum[FORMAT_CHECKSUM_BYTES];
    unsigned char *bytes;
    uint32_t size;
    int code = head_check(reader, head, read_up_to(reader, head, sizeof head));

    if (code < 0)
        return code;
    size = bytes_get32(head + FORMAT_MAGIC_BYTES + 4);
    if (size > FORMAT_HEADER_BYTES_MAX || size > file_size - FORMAT_HEAD_BYTES)
        return torn(reader, FORMAT_MAGIC_BYTES + 4, "the header is said to end behind the file");
    bytes = malloc((size_t)size + 1);
    if (bytes == NULL)
        return error_set(&reader->error, ERROR_MEMORY, "%s: no memory for a header of %u bytes",
                         reader->path, size);
    reader->offset = FORMAT_HEAD_BYTES;
    if (read_up_to(reader, bytes, size) != (ssize_t)size) {
        free(bytes);
        return reader->error.code < 0 ? reader->error.code
                                      : torn(reader, file_size, "the file ends within its header");
    }
    format_checksum(head, FORMAT_MAGIC_BYTES + 8, bytes, size, NULL, checksum);
    memcpy(reader->key, head + FORMAT_MAGIC_BYTES + 8, sizeof reader->key);
    if (memcmp(checksum, reader->key, sizeof checksum) != 0) {
        free(bytes);
        return torn(reader, 0, "the header does not match its checksum");
    }
    code = header_decode(&reader->store, bytes, size, &reader->error);
    if (code < 0)
        return error_context(&reader->error, "%s: byte %d: the header cannot be read", reader->path,
                             FORMAT_HEAD_BYTES);
    reader->offset = FORMAT_HEAD_BYTES + (uint64_t)size;
    reader->digest = digest_open(reader->store.bytes, reader->store.determining);
    if (reader->digest == NULL)
        return error_set(&reader->error, ERROR_MEMORY, "%s: no memory for its digest",
                         reader->path);
    return 0;
}

static int file_open(struct trace_reader *reader)
{
    struct stat status;

    reader->file = open(reader->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (reader->file < 0)
        return error_set(&reader->error, ERROR_INPUT, "%s: cannot be opened: %s", reader->path,
                         strerror(errno));
    if (fstat(reader->file, &status) < 0 || !S_ISREG(status.st_mode))
        return error_set(&reader->error, ERROR_INPUT, "%s: is not a regular file", reader->path);
    return head_read(reader, (uint64_t)status.st_size);
}

int trace_reader_open(struct trace_reader **result, const char *path, struct error *error)
{
    struct trace_reader *reader = calloc(1, sizeof *reader);
    int code;

    assert(result != NULL && path != NULL);
    *result = NULL;
    if (reader == NULL)
        return error_set(error, ERROR_MEMORY, "no memory to read a trace");
    reader->file = -1;
    reader->path = strdup(path);
    if (reader->path == NULL)
        code = error_set(&reader->error, ERROR_MEMORY, "no memory to read a trace");
    else
        code = file_open(reader);
    if (code < 0) {
        if (error != NULL)
            *error = reader->error;
        trace_reader_close(reader);
        return code;
    }
    *result = reader;
    return 0;
}

const struct trace_header *trace_reader_header(const struct trace_reader *reader)
{
    return &reader->store.header;
}

static int end_check(struct trace_reader *reader, const unsigned char *payload, size_t size)
{
    unsigned char more;

    if (size != FORMAT_END_BYTES)
        return torn(reader, reader->offset, "the end mark has a wrong length");
    if (bytes_get64(payload) != reader->count)
        return torn(reader, reader->offset, "the end mark counts other records than there are");
    trace_digest_close(reader->digest, reader->found);
    reader->digest = NULL;
    if (memcmp(payload + 8, reader->found, sizeof reader->found) != 0)
        return torn(reader, reader->offset, "the records do not match the digest in the end mark");
    reader->offset += FORMAT_FRAME_BYTES + FORMAT_END_BYTES;
    switch (read_up_to(reader, &more, 1)) {
    case 0:
        break;
    case 1:
        return torn(reader, reader->offset, "something follows behind the end mark");
    default:
        return reader->error.code;
    }
    reader->ended = true;
    return 0;
}

static int block_take(struct trace_reader *reader, const unsigned char *payload, size_t size)
{
    const char *wrong = block_decode(payload, size, reader->blocks, reader->store.header.agents,
                                     reader->records, &reader->held);

    if (wrong != NULL) {
        reader->held = 0;
        return error_set(&reader->error, ERROR_CORRUPT,
                         "%s: byte %llu: the block that begins here %s", reader->path,
                         (unsigned long long)reader->offset, wrong);
    }
    for (uint32_t i = 0; i < reader->held; i++)
        trace_digest_take(reader->digest, &reader->records[i]);
    reader->at = 0;
    reader->blocks++;
    reader->count += reader->held;
    reader->offset += FORMAT_FRAME_BYTES + size;
    return 1;
}

/* 1: a block; 0: the end. */
static int frame_read(struct trace_reader *reader)
{
    unsigned char *frame = reader->frame, *payload = frame + FORMAT_FRAME_BYTES;
    unsigned char checksum[FORMAT_CHECKSUM_BYTES];
    ssize_t got = read_up_to(reader, frame, FORMAT_FRAME_BYTES);
    uint32_t tag, size;

    if (got < 0)
        return reader->error.code;
    if (got < FORMAT_FRAME_BYTES)
        return torn(reader, reader->offset, "the file ends here without its end mark");
    tag = bytes_get32(frame);
    size = bytes_get32(frame + 4);
    if ((tag != FORMAT_TAG_BLOCK && tag != FORMAT_TAG_END) || size > FORMAT_BLOCK_BYTES_MAX)
        return torn(reader, reader->offset, "neither a block nor the end mark begins here");
    got = read_up_to(reader, payload, size);
    if (got < 0)
        return reader->error.code;
    if (got < (ssize_t)size)
        return torn(reader, reader->offset, "the file ends within the block that begins here");
    format_checksum(frame, 8, payload, size, reader->key, checksum);
    if (memcmp(checksum, frame + 8, sizeof checksum) != 0)
        return torn(reader, reader->offset,
                    "the block that begins here does not match its checksum");
    return tag == FORMAT_TAG_END ? end_check(reader, payload, size)
                                 : block_take(reader, payload, size);
}

int trace_reader_next(struct trace_reader *reader, struct record *record, struct error *error)
{
    if (reader->at == reader->held && !reader->ended && reader->error.code == 0)
        frame_read(reader);
    if (reader->error.code < 0) {
        if (error != NULL)
            *error = reader->error;
        return reader->error.code;
    }
    if (reader->at == reader->held)
        return 0;
    *record = reader->records[reader->at++];
    return 1;
}

void trace_reader_digest(const struct trace_reader *reader, unsigned char bytes[32])
{
    assert(reader->ended);
    memcpy(bytes, reader->found, sizeof reader->found);
}

void trace_reader_close(struct trace_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->file >= 0)
        close(reader->file);
    trace_digest_close(reader->digest, NULL);
    header_release(&reader->store);
    free(reader->path);
    free(reader);
}
