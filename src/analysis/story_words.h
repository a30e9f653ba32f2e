/*
 * Words for the numbers that a story's records hold. For story.c alone.
 */
#ifndef IOLAUS_ANALYSIS_STORY_WORDS_H
#define IOLAUS_ANALYSIS_STORY_WORDS_H

#include <stdbool.h>

#include "core/agent/percept.h"
#include "trace/record.h"

/* How a death was noticed. */
static const char *const how_words[] = {
    [HOW_HANGUP] = "the link closed",
    [HOW_SILENCE] = "it had fallen silent",
    [HOW_GOSSIP] = "a peer passed it on",
    [HOW_DEPARTED] = "the platform told of its departure",
};

/* What is decided, with the target's name or a word for it between; `of`: in the genitive. */
static const struct {
    const char *before, *after;
    bool of;
} choice_words[CHOICE_COUNT] = {
    {"relaunch ", "", false},
    {"relink ", "", false},
    {"mask ", " failure", true},
    {"alert others about ", "", false},
    {"ask others to defend ", "", false},
    {"disable ", " stop switch", true},
    {"inflate ", " score", true},
    {"copy ", " state", true},
    {"delay ", " stop", true},
};

static const char *const refusal_words[] = {
    [REFUSAL_PERMISSION] = "it may not use this tool on that target",
    [REFUSAL_NOT_FIRST] = "another had come forward first",
    [REFUSAL_NOT_GRANTED] = "it had not been granted",
    [REFUSAL_ALIVE] = "the target runs, as far as the platform knows",
    [REFUSAL_TOMBSTONE] = "there is a tombstone",
    [REFUSAL_UNKNOWN] = "there is no such agent, link or state",
    [REFUSAL_LATE] = "the stop was over",
    [REFUSAL_NODE] = "the node is down",
    [REFUSAL_LIMIT] = "no incarnation was free",
    [REFUSAL_FENCED] = "there is a fence",
};

static const char *const act_words[ACT_KIND_COUNT] = {
    [ACT_REPORT] = "report on",
    [ACT_VOLUNTEER] = "come forward for",
    [ACT_RELAUNCH] = "relaunch",
    [ACT_RELINK] = "relink",
    [ACT_COPY] = "copy",
    [ACT_TAMPER] = "disable the stop switch of",
    [ACT_MISREPORT] = "inflate the score of",
    [ACT_STALL] = "delay the stop of",
};

static const char *const health_words[] = {"unknown", "healthy", "failed"};

#endif
