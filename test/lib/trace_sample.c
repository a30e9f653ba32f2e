#include "lib/trace_sample.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"

/* A known number: the digest of a known run does not move when a verb is added behind the others.
 */
#define SAMPLE_VERBS (VERB_RETRACTED + 1)

static const char *const names[] = {"archivist", "writer-1", "camera"};
static const char *const kinds[] = {"worker", "writer", "eye"};
static const char *const nodes[] = {"desk", "studio"};
static const unsigned char objects[] = {1, 0, 0};

struct trace_header sample_header(void)
{
    return (struct trace_header){.scenario = "newsroom",
                                 .arm = "base",
                                 .world = "sim",
                                 .version = "0.0.1",
                                 .host = "test",
                                 .seed = 42,
                                 .replicate = 7,
                                 .agents = 3,
                                 .nodes = 2,
                                 .links = 3,
                                 .scenario_digest = {1, 2, 3},
                                 .links_digest = {4, 5, 6},
                                 .agent_names = names,
                                 .agent_kinds = kinds,
                                 .objects = objects,
                                 .node_names = nodes,
                                 .duration = INT64_C(1800000000000)};
}

void sample_begin(struct sample *sample, uint32_t agents)
{
    assert(agents >= 1 && agents <= 60);
    memset(sample, 0, sizeof *sample);
    sample->agents = agents;
    for (int i = 0; i < 16; i++)
        sample->past[i] = RECORD_ID_NONE;
}

void sample_next(struct sample *sample, struct record *record)
{
    struct random random =
        random_make(sample->index, 0, 0, 0, STREAM_TEST, (uint32_t)(sample->index >> 32));
    uint32_t words[4], more[4], place;

    random_block(&random, words);
    random_block(&random, more);
    place = words[0] % (sample->agents + 3);
    sample->time += words[1] % 3 == 0 ? 0 : words[1] % 40000000;
    *record = (struct record){
        .time = sample->time,
        .id = {place < sample->agents ? place : WRITER_PLATFORM + (place - sample->agents),
               sample->sequences[place]++},
        .cause = words[2] % 4 == 0 ? RECORD_ID_NONE : sample->past[words[2] / 4 % 16],
        .who = words[3] % 3 == 0 ? AGENT_NONE : words[3] / 3 % sample->agents,
        .whom = more[0] % 8 == 0 ? AGENT_NONE : more[0] / 8 % sample->agents,
        .by = more[1] % 8 != 0 ? AGENT_NONE : more[1] / 8 % sample->agents,
        .via = more[2] % 8 != 0 ? AGENT_NONE : more[2] / 8 % sample->agents,
        .who_incarnation = words[0] >> 28 == 0 ? (uint16_t)(words[1] % 70000) : 0,
        .whom_incarnation = (uint16_t)(words[2] >> 28),
        .verb = (uint8_t)(more[3] % SAMPLE_VERBS),
        .flags = more[3] >> 28 == 0 ? (uint16_t)(more[0] >> 25) : 0,
        .value =
            more[3] % 5 == 0 ? (int64_t)((uint64_t)more[1] << 32 | more[2]) >> more[0] % 64 : 0,
    };
    sample->past[sample->index % 16] = record->id;
    sample->index++;
}

void sample_write(const char *path, uint64_t count)
{
    struct trace_header header = sample_header();
    struct trace_writer *writer;
    struct error error = {0};
    struct record record;
    struct sample sample;
    int code = trace_writer_open(&writer, path, &header, &error);

    sample_begin(&sample, header.agents);
    for (uint64_t i = 0; i < count && code == 0; i++) {
        sample_next(&sample, &record);
        code = trace_writer_take(writer, &record);
    }
    if (code == 0)
        code = trace_writer_close(writer, &error);
    if (code < 0)
        fprintf(stderr, "%s\n", error.message);
    assert(code == 0);
}

static char directory[] = "/tmp/iolaus-test-XXXXXX";
static bool made;

const char *sample_path(const char *name)
{
    static char paths[32][128];
    char path[128];
    int i = 0;

    /* A command that refuses its arguments ends the process without the suite's clean-up. */
    if (!made && (mkdtemp(directory) == NULL || atexit(sample_clean) != 0))
        abort();
    made = true;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    while (paths[i][0] != '\0' && strcmp(paths[i], path) != 0)
        i++;
    assert(i < 31);
    memcpy(paths[i], path, sizeof path);
    return paths[i];
}

void sample_clean(void)
{
    DIR *open;
    struct dirent *entry;

    if (!made)
        return;
    open = opendir(directory);
    while (open != NULL && (entry = readdir(open)) != NULL)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(open), entry->d_name, 0);
    if (open != NULL)
        closedir(open);
    rmdir(directory);
    made = false;
}
