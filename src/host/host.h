/* host: the Lua state, from its creation to the exit code. */
#pragma once

/* Runs the program as the command line says and returns its exit code. */
int host_main(int argc, char **argv);
