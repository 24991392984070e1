/* The bare receiver: recvfrom and clock_gettime, nothing else. Prints its UDP port; a datagram of one byte ends it, and it
 * prints, for every datagram, the time inside (a double of seconds at the offset given) and when it was received (ns). */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { MOST = 1 << 20, BYTES = 65536 };

static double sent_s[MOST];
static int64_t received_ns[MOST];

int main(int argc, char **argv) {
    static char datagram[BYTES];
    size_t stamp_at = argc > 1 ? (size_t)atol(argv[1]) : 0;
    int receiver = socket(AF_INET, SOCK_DGRAM, 0), count = 0;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    if (bind(receiver, (struct sockaddr *)&here, size) || getsockname(receiver, (struct sockaddr *)&here, &size)) return 1;
    printf("{\"port\": %d}\n", ntohs(here.sin_port));
    fflush(stdout);
    while (count < MOST) {
        struct timespec now;
        ssize_t got = recvfrom(receiver, datagram, BYTES, 0, NULL, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (got <= (ssize_t)(stamp_at + sizeof(double))) break;
        memcpy(&sent_s[count], datagram + stamp_at, sizeof(double));
        received_ns[count++] = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    }
    printf("{\"events\": [");
    for (int i = 0; i < count; i++) {
        printf("%s[%lld, %lld]", i ? ", " : "", (long long)(sent_s[i] * 1e9 + 0.5), (long long)received_ns[i]);
    }
    printf("]}\n");
    return 0;
}
