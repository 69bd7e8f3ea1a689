/* Sends the frames of a pcap file at a rate, or as fast as it can, into an interface. For benchmarks, in a network
 * namespace of ours. Frames are read into memory first; sending skips the queue discipline (PACKET_QDISC_BYPASS).
 *
 * usage: sender IFACE PCAP PACKETS_PER_S MOST_PACKETS [FIRST_PACKET]     a rate of 0: as fast as it can
 *
 * Prints: packets sent, packets that the kernel refused (longer than the MTU), seconds, CPU seconds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_HEADER 24
#define RECORD_HEADER 16
#define LITTLE_ENDIAN_MICROSECONDS 0xa1b2c3d4u
#define BATCH 1024 /* what sendmmsg takes at most */

static void die(const char *what) {
    fprintf(stderr, "sender: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void sleep_for(double seconds) {
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}

/* The places of at most `most` frames of the file from number `first` on; their number. */
static size_t frames_of(const char *path, size_t first, size_t most, struct iovec **frames) {
    struct stat about;
    int file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &about) != 0)
        die(path);
    size_t size = (size_t)about.st_size;
    uint8_t *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (data == MAP_FAILED)
        die(path);
    uint32_t magic;
    memcpy(&magic, data, sizeof magic);
    if (size < FILE_HEADER || magic != LITTLE_ENDIAN_MICROSECONDS) {
        fprintf(stderr, "sender: %s: not a little-endian pcap with microseconds\n", path);
        exit(1);
    }
    *frames = calloc(most, sizeof **frames);
    if (*frames == NULL)
        die("memory");
    size_t number = 0, found = 0;
    for (size_t at = FILE_HEADER; at + RECORD_HEADER <= size && found < most; number++) {
        uint32_t length;
        memcpy(&length, data + at + 8, sizeof length);
        at += RECORD_HEADER;
        if (length > size - at)
            break;
        if (number >= first)
            (*frames)[found++] = (struct iovec){data + at, length};
        at += length;
    }
    volatile uint8_t touched = 0; /* so that no page is fetched while the clock runs */
    for (size_t i = 0; i < found; i++)
        touched ^= ((uint8_t *)(*frames)[i].iov_base)[0];
    return found;
}

static int port_on(const char *interface) {
    int one = 1, room = 8 << 20;
    int port = socket(AF_PACKET, SOCK_RAW, 0);
    if (port < 0)
        die("socket");
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(interface)};
    if (address.sll_ifindex == 0 || bind(port, (struct sockaddr *)&address, sizeof address) != 0)
        die(interface);
    if (setsockopt(port, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one) != 0)
        die("PACKET_QDISC_BYPASS");
    setsockopt(port, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
    return port;
}

/* Sends `count` frames; adds those that were refused to `refused`. */
static void send_all(int port, struct iovec *frames, size_t count, size_t *refused) {
    static struct mmsghdr messages[BATCH];
    for (size_t i = 0; i < count; i++)
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &frames[i], .msg_iovlen = 1};
    for (size_t done = 0; done < count;) {
        int sent = sendmmsg(port, messages + done, (unsigned)(count - done), 0);
        if (sent > 0) {
            done += (size_t)sent;
        } else if (errno == EMSGSIZE || errno == EINVAL || errno == ENXIO) {
            done++, (*refused)++;
        } else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
            die("sendmmsg");
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fprintf(stderr, "usage: sender IFACE PCAP PACKETS_PER_S MOST_PACKETS [FIRST_PACKET]\n");
        return 2;
    }
    double rate = atof(argv[3]);
    struct iovec *frames;
    size_t total = frames_of(argv[2], argc > 5 ? strtoull(argv[5], NULL, 10) : 0, strtoull(argv[4], NULL, 10), &frames);
    int port = port_on(argv[1]);
    /* Small pieces at low rates, so that they do not come as bursts. */
    size_t piece = rate > 0 && rate / 1000 < BATCH ? (size_t)(rate / 1000) + 1 : BATCH;
    size_t refused = 0;
    double began = now();
    for (size_t done = 0; done < total;) {
        size_t count = total - done < piece ? total - done : piece;
        send_all(port, frames + done, count, &refused);
        done += count;
        double ahead = rate > 0 ? (double)done / rate - (now() - began) : 0;
        if (ahead > 0)
            sleep_for(ahead);
    }
    double passed = now() - began;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("%zu %zu %.6f %.3f\n", total - refused, refused, passed, cpu);
    return 0;
}
