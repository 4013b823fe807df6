/* arrivals FILE LEAST MOST SPIKES UNANSWERED: an HTTP server on loopback that notes by its own
   clock when each request arrived: when its first bytes were read. It answers after LEAST to
   MOST milliseconds (the logarithm is uniform), SPIKES of 100 after MOST, UNANSWERED of 100
   never. Prints its port. Until SIGTERM; then FILE holds a line for each request, in the order
   of arrival: nanoseconds of its arrival, of its answer (0: none), method and target. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, HEAD_MAX = 8192, TARGET_MAX = 64, EVENTS = 64 };

struct record {
    int64_t arrived_ns, answered_ns;
    char target[TARGET_MAX]; /* with the method */
};

struct connection {
    bool open;
    char head[HEAD_MAX];
    size_t len;
    size_t record; /* of the request under way */
    bool in_request;
    int64_t due_ns; /* of its answer; 0: not now */
};

static struct connection connections[CONNECTIONS_MAX]; /* by descriptor */
static struct record *records;
static size_t record_count, record_room;
static double least_ms, most_ms;
static int spikes, unanswered;
static int poller, listener;
static volatile sig_atomic_t ended;

static void end(int number)
{
    (void)number;
    ended = 1;
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void need(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(1);
}

static void watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    need(!epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void open_listener(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;

    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    need(listener >= 0 && !bind(listener, (struct sockaddr *)&address, len) &&
             !listen(listener, 512) &&
             !getsockname(listener, (struct sockaddr *)&address, &len),
        "listen");
    poller = epoll_create1(EPOLL_CLOEXEC);
    watch(listener);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
}

static void drop(int fd)
{
    connections[fd].open = false;
    close(fd);
}

static void accept_all(void)
{
    int fd, one = 1;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        need(fd < CONNECTIONS_MAX, "too many connections");
        connections[fd] = (struct connection){.open = true};
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(fd);
    }
}

static size_t new_record(int64_t arrived_ns)
{
    if (record_count == record_room) {
        record_room = record_room ? 2 * record_room : 1024;
        records = realloc(records, record_room * sizeof *records);
        need(records, "realloc");
    }
    records[record_count] = (struct record){.arrived_ns = arrived_ns};
    return record_count++;
}

static int64_t latency_ns(void)
{
    double ms =
        drand48() * 100 < spikes ? most_ms : least_ms * pow(most_ms / least_ms, drand48());

    return (int64_t)(ms * 1e6);
}

/* The body's length is all of the head that matters. */
static bool is_whole(const struct connection *connection)
{
    const char *body = strstr(connection->head, "\r\n\r\n");
    const char *length = strcasestr(connection->head, "\r\nContent-Length:");
    size_t wanted = length && length < body ? strtoul(length + 17, NULL, 10) : 0;

    return body && connection->len >= (size_t)(body + 4 - connection->head) + wanted;
}

static void take_request(struct connection *connection)
{
    struct record *record = &records[connection->record];

    sscanf(connection->head, "%63[^\r\n?]", record->target);
    if (drand48() * 100 >= unanswered)
        connection->due_ns = record->arrived_ns + latency_ns();
}

static void take_bytes(int fd)
{
    struct connection *connection = &connections[fd];
    size_t room = HEAD_MAX - 1 - connection->len;
    ssize_t len = read(fd, connection->head + connection->len, room);

    if (len <= 0) {
        drop(fd);
        return;
    }
    if (!connection->in_request)
        connection->record = new_record(now_ns());
    connection->in_request = true;
    connection->len += (size_t)len;
    connection->head[connection->len] = '\0';
    if (is_whole(connection))
        take_request(connection);
}

static void answer(int fd)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                               "Content-Length: 2\r\n\r\n{}";
    struct connection *connection = &connections[fd];

    records[connection->record].answered_ns = now_ns();
    connection->in_request = false;
    connection->due_ns = 0;
    connection->len = 0;
    if (send(fd, text, sizeof text - 1, MSG_NOSIGNAL) < 0)
        drop(fd);
}

/* Gives the answers that are due, and milliseconds until the next one: -1: none. */
static int answer_due(void)
{
    int64_t next_ns = INT64_MAX, left_ns;

    for (int fd = 0; fd < CONNECTIONS_MAX; fd++) {
        int64_t due_ns = connections[fd].open ? connections[fd].due_ns : 0;

        if (due_ns && due_ns <= now_ns())
            answer(fd);
        else if (due_ns && due_ns < next_ns)
            next_ns = due_ns;
    }
    if (next_ns == INT64_MAX)
        return -1;
    left_ns = next_ns - now_ns();
    return left_ns > 0 ? (int)(left_ns / 1000000 + 1) : 0;
}

static void serve(void)
{
    struct epoll_event events[EVENTS];
    sigset_t none;

    sigemptyset(&none);
    while (!ended) {
        int count = epoll_pwait(poller, events, EVENTS, answer_due(), &none);

        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                accept_all();
            else
                take_bytes(events[i].data.fd);
        }
    }
}

static void write_records(const char *path)
{
    FILE *file = fopen(path, "w");

    need(file, path);
    for (const struct record *r = records; r < records + record_count; r++)
        fprintf(file, "%lld %lld %s\n", (long long)r->arrived_ns, (long long)r->answered_ns,
            r->target);
    need(!fclose(file), path);
}

int main(int argc, char **argv)
{
    sigset_t blocked;

    if (argc != 6)
        return 2;
    least_ms = atof(argv[2]);
    most_ms = atof(argv[3]);
    spikes = atoi(argv[4]);
    unanswered = atoi(argv[5]);
    srand48((long)time(NULL));
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, NULL); /* but while it waits */
    signal(SIGTERM, end);
    open_listener();
    serve();
    write_records(argv[1]);
    return 0;
}
