/*
 * The daemon's configuration of who may give orders (`iolaus up --authority FILE`): YAML, read as
 * strictly as scenarios, by a table that also makes docs/reference/authority.md.
 *
 *     roster: roster
 *     stop_min: 1
 *     permit_min: 2
 *     scope: {alice: [camera-*, group:cameras], bob: any}
 *
 *     authority_file_open(&file, "authority.yaml", NULL, &error)
 *     ... file.rules and file.roster, which the file owns ...
 *     authority_file_close(&file)
 *
 * What it says has been checked against the roster (authority_check). sodium_init() must have
 * succeeded.
 */
#ifndef IOLAUS_SCENARIO_AUTHORITY_H
#define IOLAUS_SCENARIO_AUTHORITY_H

#include <stdio.h>

#include "order/authority.h"

#define AUTHORITY_SCOPES_MAX 1024
#define AUTHORITY_TARGETS_MAX 256 /* of one scope */

struct authority_file {
    struct authority_rules rules;
    struct roster roster;
    unsigned char roster_digest[32]; /* SHA-256 of the roster's file */
    struct arena arena;
};

/* Reads the configuration `path`, or takes the defaults where that is NULL; and the roster: the
 * file `roster_path`, or where that is NULL the one that the configuration names, beside itself
 * where its path does not begin with `/`. ERROR_INPUT, ERROR_IO, ERROR_MEMORY; there is nothing to
 * close then. */
int authority_file_open(struct authority_file *file, const char *path, const char *roster_path,
                        struct error *error);
void authority_file_close(struct authority_file *file);

/* The reference page, as Markdown. */
void authority_reference(FILE *out);

#endif
