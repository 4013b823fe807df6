/* raw_server: a plain HTTP server on loopback in processes of its own, for the C tests. A
   request's path says what it gets:
     /ok          200, body "ok"
     /close       nothing: the connection is closed
     /stall       nothing, ever
     /cut         a head that ends in the middle
     /login       201 and a grant whose token is "TOKEN-<number of logins>"
     /member      200 with a token newer than number `refusals`, else 401
     /refuse      401 for as many requests as `refusals` says, then 200
     /later       429 with Retry-After: 0.05 */
#pragma once
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct raw_counts {
    atomic_int connections, requests, logins, refusals;
};

struct raw_server {
    struct raw_counts *counts; /* shared with the processes */
    pid_t pid;
    char url[64];
};

static inline void raw_say(int fd, const char *text)
{
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        _exit(0);
}

static inline void raw_reply(int fd, const char *status, const char *more, const char *body)
{
    char text[1024];

    snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s", status,
        strlen(body), more, body);
    raw_say(fd, text);
}

static inline void raw_login(int fd, struct raw_counts *counts)
{
    char body[128];

    snprintf(body, sizeof body, "{\"token\":\"TOKEN-%d\"}",
        atomic_fetch_add(&counts->logins, 1) + 1);
    raw_reply(fd, "201 Created", "", body);
}

static inline bool raw_is_member(const char *head, int least)
{
    const char *token = strstr(head, "Bearer TOKEN-");

    return token && atoi(token + 13) > least;
}

static inline void raw_answer(int fd, struct raw_counts *counts, const char *head)
{
    const char *path = strchr(head, ' ') + 1;

    if (!strncmp(path, "/close", 6))
        _exit(0);
    if (!strncmp(path, "/stall", 6))
        pause();
    if (!strncmp(path, "/cut", 4)) {
        raw_say(fd, "HTTP/1.1 200 OK\r\nConte");
        _exit(0);
    }
    if (!strncmp(path, "/member", 7) && !raw_is_member(head, counts->refusals))
        raw_reply(fd, "401 Unauthorized", "", "no");
    else if (!strncmp(path, "/login", 6))
        raw_login(fd, counts);
    else if (!strncmp(path, "/later", 6))
        raw_reply(fd, "429 Too Many Requests", "Retry-After: 0.05\r\n", "");
    else if (!strncmp(path, "/refuse", 7) && atomic_fetch_sub(&counts->refusals, 1) > 0)
        raw_reply(fd, "401 Unauthorized", "", "no");
    else
        raw_reply(fd, "200 OK", "X-One: a\r\n", "ok");
}

/* Reads one request, body included; false at the end of the connection. */
static inline bool raw_read(int fd, char *head, size_t size)
{
    const char *length;
    size_t have = 0;
    long body = 0;
    char byte;

    do {
        if (have + 1 == size || recv(fd, &head[have], 1, 0) != 1)
            return false;
        head[++have] = '\0';
    } while (have < 4 || strcmp(head + have - 4, "\r\n\r\n") != 0);
    length = strstr(head, "Content-Length: ");
    for (body = length ? atol(length + 16) : 0; body > 0; body--)
        if (recv(fd, &byte, 1, 0) != 1)
            return false;
    return true;
}

static inline void raw_serve(int fd, struct raw_counts *counts)
{
    char head[8192];

    while (raw_read(fd, head, sizeof head)) {
        atomic_fetch_add(&counts->requests, 1);
        raw_answer(fd, counts, head);
    }
    _exit(0);
}

static inline void raw_accept(int listening, struct raw_counts *counts)
{
    int one = 1, fd;

    signal(SIGCHLD, SIG_IGN);
    while ((fd = accept(listening, NULL, NULL)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        atomic_fetch_add(&counts->connections, 1);
        if (!fork()) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(listening);
            raw_serve(fd, counts);
        }
        close(fd);
    }
    _exit(0);
}

static inline int raw_server_start(struct raw_server *server)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    server->counts = mmap(NULL, sizeof *server->counts, PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (server->counts == MAP_FAILED || fd < 0 || bind(fd, (struct sockaddr *)&address, len) ||
        listen(fd, 64) || getsockname(fd, (struct sockaddr *)&address, &len))
        return -1;
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    server->pid = fork();
    if (!server->pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        raw_accept(fd, server->counts);
    }
    close(fd);
    return server->pid < 0 ? -1 : 0;
}

/* Connections that are open end with it. */
static inline void raw_server_stop(struct raw_server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    munmap(server->counts, sizeof *server->counts);
}
