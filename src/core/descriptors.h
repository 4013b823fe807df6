/* descriptors: how many files and sockets this process may have open. Systems give 1,024 at
   first and let each process ask for more. */
#pragma once
#include <stdbool.h>

/* Raises the soft limit to the hard one, to 65,536 at most. Again is fine. */
void descriptors_raise(void);

/* For a child before exec: the limit that was there before, as programs that use select take no
   numbers over 1,023. */
void descriptors_restore(void);

/* Whether they have run out, or are about to. */
bool descriptors_are_scarce(void);

/* How many there may be: the soft limit. */
unsigned long descriptors_max(void);
