#include "core/attention.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { FIRST_FATAL = 3, SIGNALS = 6 };

static const int signals[SIGNALS] = {SIGWINCH, SIGTSTP, SIGCONT, SIGTERM, SIGHUP, SIGQUIT};

/* A signal handler has no argument to find these by. */
static volatile sig_atomic_t came[FIRST_FATAL];
static struct sigaction before[SIGNALS];
static struct termios terminal_modes;
static int terminal = -1, event = -1;

int attention_fd(struct err *err)
{
    if (event < 0)
        event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event < 0)
        return err_set(err, ERR_CONFIG, "eventfd: %s", strerror(errno));
    return event;
}

static void notice(int signal_number)
{
    const uint64_t one = 1;
    int saved = errno;
    for (int i = 0; i < FIRST_FATAL; i++)
        if (signals[i] == signal_number)
            came[i] = 1;
    if (write(event, &one, sizeof one) < 0)
        errno = saved; /* the counter is full: readable already */
    errno = saved;
}

static void die(int signal_number)
{
    static const char off[] = "\033[?2004l\r\n";
    if (write(terminal, off, sizeof off - 1) < 0)
        terminal_modes.c_lflag |= ECHO; /* gone, as all of the terminal */
    tcsetattr(terminal, TCSANOW, &terminal_modes);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void catch (int i)
{
    struct sigaction action = {.sa_handler = i < FIRST_FATAL ? notice : die};
    sigemptyset(&action.sa_mask);
    sigaction(signals[i], NULL, &before[i]);
    if (i < FIRST_FATAL || before[i].sa_handler == SIG_DFL)
        sigaction(signals[i], &action, NULL);
}

void attention_begin(int fd, const struct termios *modes)
{
    terminal = fd;
    terminal_modes = *modes;
    for (int i = 0; i < SIGNALS; i++)
        catch (i);
}

void attention_end(void)
{
    for (int i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
}

unsigned attention_take(void)
{
    uint64_t count;
    unsigned all = 0;
    if (read(event, &count, sizeof count) < 0)
        return 0;
    for (unsigned i = 0; i < FIRST_FATAL; i++)
        if (came[i]) { /* only then: one may come right after it was looked at */
            came[i] = 0;
            all |= 1u << i;
        }
    return all;
}

/* A process that ignores SIGTSTP (its parent had it so) goes on. */
void attention_stop(void)
{
    struct sigaction ours;
    sigaction(SIGTSTP, &before[1], &ours);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &ours, NULL);
    attention_take(); /* what woke it up */
}
