/* The readers of untrusted files, each as a function of any bytes. */
#ifndef IOLAUS_TEST_FUZZ_H
#define IOLAUS_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* 1: the bytes were taken; 0: refused. They abort where something is wrong. */
int fuzz_order(const uint8_t *data, size_t size);
int fuzz_roster(const uint8_t *data, size_t size);
int fuzz_sshsig(const uint8_t *data, size_t size);

#endif
