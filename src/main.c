#include <stdio.h>
#include <stdlib.h>

#include "host/host.h"

int main(int argc, char **argv)
{
    unsetenv("SSLKEYLOGFILE"); /* session keys must not be written anywhere */
    return host_main(argc, argv);
}
