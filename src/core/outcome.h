/* outcome: what the end of an attempt means to retry.h. */
#pragma once
#include "core/err.h"
#include "core/retry.h"

struct account;
struct http_response;
struct http_transfer;

/* Of an answer. What the call itself knows (write, attempt, left_ms) is left to the caller. */
struct retry_outcome outcome_of_answer(
    const struct account *account, const struct http_response *answer);

/* Likewise of a login that failed: a write, though of no call. */
struct retry_outcome outcome_of_login(
    const struct account *account, const struct err *err, bool hopeless);

/* Likewise of a transfer that failed. */
struct retry_outcome outcome_of_failure(
    const struct http_transfer *transfer, const struct err *err);
