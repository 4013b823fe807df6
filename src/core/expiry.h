/* expiry: reads an instant as services write it. */
#pragma once
#include <stdint.h>

/* Milliseconds since 1970 UTC from a text: ISO 8601 with "T" or a space between date and time,
   with or without seconds and their fraction, "Z", " UTC", "+hh:mm" or "+hhmm"; without a zone
   it is UTC; or digits, as in expiry_from_number. -1 when it is none of these. */
int64_t expiry_from_text(const char *text);

/* From a number: seconds since 1970, or milliseconds from 10^11 on (the year 5138 in seconds).
   -1 when it is not positive or not finite. */
int64_t expiry_from_number(double number);

/* From the value of an HTTP Date header (RFC 9110 5.6.7); -1 when it is no date. */
int64_t expiry_from_http_date(const char *text);
