/*
 * Files of a ledger: read whole, and written so that after a crash or a power failure there is the
 * old content or the new, and never a part.
 *
 *     struct disk_batch batch;
 *     disk_batch_begin(&batch, root);
 *     disk_batch_add(&batch, "tile/0/000", bytes, size, &error);      written below root/part
 *     disk_batch_finish(&batch, &error);       synced, given their names, the folders synced
 *
 * Paths are below a ledger's folder `root`, of at most DISK_ROOT_MAX bytes; its folder `part` must
 * be there. Few files are synced one by one; many by one syncfs(2), which costs the disk two
 * flushes where they would cost two for each file.
 */
#ifndef IOLAUS_EVIDENCE_DISK_H
#define IOLAUS_EVIDENCE_DISK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define DISK_ROOT_MAX 3800
#define DISK_PATH_TEXT 4096
#define DISK_NAME_TEXT 80
#define DISK_BATCH_MAX 224

/* ROOT/NAME; the caller has looked at the root's length. */
void disk_path(const char *root, const char *name, char path[DISK_PATH_TEXT]);

/* Reads a whole regular file of at most `limit` bytes; the caller frees `bytes`, which are followed
 * by a zero. Returns 0; 1 if there is no such file; ERROR_IO, ERROR_MEMORY, or ERROR_CORRUPT if it
 * is no regular file or larger. */
int disk_read(const char *root, const char *name, size_t limit, unsigned char **bytes, size_t *size,
              struct error *error);

/* Reads so many bytes from the descriptor's position. Returns 0, or -1 with errno: ESTALE at the
 * end of the file. */
int disk_read_all(int file, void *bytes, size_t size);
/* Writes all bytes at the descriptor's position. Returns 0, or -1 with errno. */
int disk_write_all(int file, const void *bytes, size_t size);

/* Brings a folder's names to the disk. */
int disk_folder_sync(const char *root, const char *name, struct error *error);

struct disk_batch {
    const char *root;
    unsigned count;
    bool failed;
    char names[DISK_BATCH_MAX][DISK_NAME_TEXT];
};

void disk_batch_begin(struct disk_batch *batch, const char *root);
/* ERROR_IO, or ERROR_LIMIT after DISK_BATCH_MAX files. */
int disk_batch_add(struct disk_batch *batch, const char *name, const void *bytes, size_t size,
                   struct error *error);
/* After it every file of the batch is on the disk under its name; after ERROR_IO each one is there
 * whole or not at all. */
int disk_batch_finish(struct disk_batch *batch, struct error *error);

/* Removes what an interrupted batch has left below root/part. */
void disk_parts_remove(const char *root);

#endif
