/*
 * Signing an order with the key of whoever sits here, by `ssh-keygen -Y sign -n iolaus-order`: so
 * that agents and security keys work, and no private key is read here.
 */
#ifndef IOLAUS_CLI_ORDER_SIGN_H
#define IOLAUS_CLI_ORDER_SIGN_H

#include <stddef.h>

#include "base/error.h"
#include "order/sshsig.h"

/* Which key where none is named: the variable IOLAUS_KEY; else ~/.ssh/id_ed25519_sk, else
 * ~/.ssh/id_ed25519, if that or its .pub is there. ERROR_INPUT where there is none. */
int order_key_find(char *path, size_t size, struct error *error);

/* Signs; the signature's length is in `signature_size`. What ssh-keygen asks or says goes to the
 * terminal. ERROR_INPUT where it did not sign, ERROR_MACHINE where there is no ssh-keygen. */
int order_sign(const char *key, const char *order, size_t size, char signature[SSHSIG_BYTES_MAX],
               size_t *signature_size, struct error *error);

#endif
