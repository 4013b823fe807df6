/* measure COMMAND...: runs it and prints "MICROSECONDS CPU_MICROSECONDS PEAK_KB" on stderr. A
   program of its own, since Linux counts the memory of the parent at the time of the fork to
   the child's peak: a small parent adds nothing. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long microseconds(struct timeval time)
{
    return (long long)time.tv_sec * 1000000 + time.tv_usec;
}

int main(int argc, char **argv)
{
    struct timespec before, after;
    struct rusage usage;
    int status;
    pid_t child;

    if (argc < 2)
        return 2;
    clock_gettime(CLOCK_MONOTONIC, &before);
    child = vfork();
    if (child == 0) {
        execvp(argv[1], argv + 1);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child)
        return 2;
    clock_gettime(CLOCK_MONOTONIC, &after);
    fprintf(stderr, "%lld %lld %ld\n",
        (long long)(after.tv_sec - before.tv_sec) * 1000000 +
            (after.tv_nsec - before.tv_nsec) / 1000,
        microseconds(usage.ru_utime) + microseconds(usage.ru_stime), usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
