/*
 * The JSON-RPC 2.0 envelope: one message in one packet. This room's own.
 */
#ifndef IOLAUS_LIVE_WIRE_JSON_H
#define IOLAUS_LIVE_WIRE_JSON_H

#include <jansson.h>
#include <stddef.h>

/* Puts a ? for whatever is not printable ASCII: words may quote the sender, whose bytes may be of
 * any kind, or half a letter, and they go to terminals. */
void words_clean(char words[256]);

/* Parses a packet strictly: size, depth, UTF-8, no duplicate keys, no NUL, nothing behind it. 0 and
 * the caller's `json`, which may be any JSON; or an enum rpc_error and words. */
int json_packet_read(const char *bytes, size_t size, json_t **json, char words[256]);

/* Checks that it is one request. `id` gets what an answer must carry, a reference of the caller's:
 * the request's id, null where it is no request and no id can be read, NULL for a notification. */
int request_check(const json_t *json, json_t **id, char words[256]);

#endif
