/* volume: the file system that a folder is on. */
#pragma once
#include <stdbool.h>

/* Whether the folder is reached over a network, where neither locks nor maps are shared with
   all who use it. FUSE counts as local. */
bool volume_is_network(const char *folder);

/* The same of a type of file system (statfs). */
bool volume_is_network_type(unsigned long type);
