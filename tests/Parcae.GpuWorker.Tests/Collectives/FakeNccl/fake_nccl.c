// A libnccl and libcuda on host memory, for tests: the functions that Parcae uses, with the documented signatures and semantics, between threads or processes of
// one machine over abstract Unix sockets. Operations are carried out in the background in the order in which they were put into a stream; those of a group
// progress together; a send without its receive, or a rank that died, leaves the stream unfinished until ncclCommAbort, as on a GPU.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SUCCESS = 0, SYSTEM_ERROR = 2, INVALID_ARGUMENT = 4, INVALID_USAGE = 5, REMOTE_ERROR = 6, IN_PROGRESS = 7 };
enum { FLOAT32 = 7, SUM = 0, MAX_RANKS = 16 };
typedef struct { char internal[128]; } unique_id;
typedef struct stream { atomic_int pending; } stream_t;

typedef struct op {
    enum { SEND, RECEIVE, ALL_REDUCE } kind;
    const char *from;
    char *to;
    size_t bytes, done; // done counts the 8 bytes of length that go first, too
    uint64_t length;
    int peer;
    struct op *next;
} op_t;

typedef struct batch { op_t *ops; stream_t *stream; struct batch *next; } batch_t;

typedef struct comm {
    uint32_t magic;
    int ranks, rank, sockets[MAX_RANKS];
    atomic_int error, aborted;
    pthread_t worker;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    batch_t *queue;
    int closing;
} comm_t;

static const uint32_t MAGIC = 0x4e43434c;
static stream_t default_stream;
static _Thread_local int group_depth;
static _Thread_local struct { comm_t *comm; stream_t *stream; op_t *ops, **tail; } group;

const char *ncclGetErrorString(int result) {
    switch (result) {
    case SUCCESS: return "no error";
    case 1: return "unhandled cuda error (run with NCCL_DEBUG=INFO for details)";
    case SYSTEM_ERROR: return "unhandled system error (run with NCCL_DEBUG=INFO for details)";
    case 3: return "internal error - please report this issue to the NCCL developers";
    case INVALID_ARGUMENT: return "invalid argument (run with NCCL_DEBUG=WARN for details)";
    case INVALID_USAGE: return "invalid usage (run with NCCL_DEBUG=WARN for details)";
    case REMOTE_ERROR: return "remote process exited or there was a network error";
    case IN_PROGRESS: return "NCCL operation in progress";
    default: return "unknown result code";
    }
}

int ncclGetVersion(int *version) {
    if (!version) return INVALID_ARGUMENT;
    *version = 22703;
    return SUCCESS;
}

int ncclGetUniqueId(unique_id *id) {
    static atomic_int counter;
    if (!id) return INVALID_ARGUMENT;
    memset(id, 0x5a, sizeof *id); // every byte matters, also those after the text
    snprintf(id->internal, 100, "fake-nccl-%d-%d", getpid(), atomic_fetch_add(&counter, 1));
    return SUCCESS;
}

static socklen_t address_of(struct sockaddr_un *address, const unique_id *id, int rank) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    int length = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "%s-%d", id->internal, rank);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

static int transfer(int socket, void *bytes, size_t count, int sending) {
    for (size_t at = 0; at < count;) {
        ssize_t n = sending ? send(socket, (char *)bytes + at, count - at, MSG_NOSIGNAL) : recv(socket, (char *)bytes + at, count - at, 0);
        if (n <= 0) return 0;
        at += (size_t)n;
    }
    return 1;
}

// 1: finished, 0: would block, -1: the peer is gone, -2: the peer's operation has another length.
static int advance(comm_t *comm, op_t *op) {
    int socket = comm->sockets[op->peer];
    while (op->done < sizeof op->length + op->bytes) {
        int head = op->done < sizeof op->length;
        size_t at = head ? op->done : op->done - sizeof op->length, left = (head ? sizeof op->length : op->bytes) - at;
        ssize_t n;
        if (op->kind == SEND) n = send(socket, (head ? (const char *)&op->length : op->from) + at, left, MSG_NOSIGNAL | MSG_DONTWAIT);
        else n = recv(socket, (head ? (char *)&op->length : op->to) + at, left, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return -1;
        op->done += (size_t)n;
        if (op->kind == RECEIVE && op->done == sizeof op->length && op->length != op->bytes) return -2;
    }
    return 1;
}

// Between a pair, sends and receives match in order: only the first of each may advance.
static int carry_out(comm_t *comm, op_t *ops) {
    while (ops) {
        int busy_send[MAX_RANKS] = {0}, busy_receive[MAX_RANKS] = {0}, moved = 0, count = 0;
        struct pollfd waits[2 * MAX_RANKS];
        for (op_t **at = &ops; *at;) {
            op_t *op = *at;
            int *busy = op->kind == SEND ? busy_send : busy_receive;
            if (busy[op->peer]) { at = &op->next; continue; }
            size_t before = op->done;
            int result = advance(comm, op);
            moved |= op->done != before || result == 1;
            if (result == 1) { *at = op->next; free(op); continue; }
            if (result < 0) return result == -1 ? REMOTE_ERROR : INVALID_USAGE;
            busy[op->peer] = 1;
            waits[count++] = (struct pollfd){comm->sockets[op->peer], op->kind == SEND ? POLLOUT : POLLIN, 0};
            at = &op->next;
        }
        if (atomic_load(&comm->aborted)) return REMOTE_ERROR;
        if (ops && !moved) poll(waits, (nfds_t)count, 20);
    }
    return SUCCESS;
}

static op_t *new_op(int kind, const void *from, void *to, size_t bytes, int peer) {
    op_t *op = calloc(1, sizeof *op);
    op->kind = kind; op->from = from; op->to = to; op->bytes = bytes; op->peer = peer;
    if (kind == SEND) op->length = bytes;
    return op;
}

static int all_reduce(comm_t *comm, op_t *op) {
    size_t count = op->bytes / sizeof(float);
    char *others = malloc(op->bytes * (size_t)comm->ranks + 1);
    op_t *ops = NULL;
    for (int rank = 0; rank < comm->ranks; rank++) {
        char *place = others + op->bytes * (size_t)rank;
        if (rank == comm->rank) { memcpy(place, op->from, op->bytes); continue; }
        op_t *in = new_op(RECEIVE, NULL, place, op->bytes, rank), *out = new_op(SEND, op->from, NULL, op->bytes, rank);
        in->next = ops; out->next = in; ops = out;
    }
    int result = carry_out(comm, ops);
    if (result == SUCCESS) { // in an order of its own, the same on every rank: last to first
        float *sum = (float *)op->to;
        for (size_t i = 0; i < count; i++) {
            float total = 0;
            for (int rank = comm->ranks - 1; rank >= 0; rank--) total += ((float *)others)[(size_t)rank * count + i];
            sum[i] = total;
        }
    }
    free(others);
    return result;
}

static void *work(void *argument) {
    comm_t *comm = argument;
    while (1) {
        pthread_mutex_lock(&comm->lock);
        while (!comm->queue && !comm->closing) pthread_cond_wait(&comm->changed, &comm->lock);
        batch_t *batch = comm->queue;
        if (batch) comm->queue = batch->next;
        pthread_mutex_unlock(&comm->lock);
        if (!batch) return NULL;
        int result = atomic_load(&comm->error);
        if (result == SUCCESS) result = batch->ops && batch->ops->kind == ALL_REDUCE ? all_reduce(comm, batch->ops) : carry_out(comm, batch->ops);
        if (result != SUCCESS) { // nothing ends any more until the communicator is aborted
            atomic_store(&comm->error, result);
            while (!atomic_load(&comm->aborted)) usleep(1000);
        }
        atomic_fetch_sub(&batch->stream->pending, 1);
        free(batch);
    }
}

static int valid(const comm_t *comm) { return comm && comm->magic == MAGIC; }

int ncclCommInitRank(comm_t **result, int ranks, unique_id id, int rank) {
    if (!result || ranks < 1 || ranks > MAX_RANKS || rank < 0 || rank >= ranks) return INVALID_ARGUMENT;
    if (strncmp(id.internal, "fake-nccl-", 10) || id.internal[127] != 0x5a) return INVALID_ARGUMENT;
    comm_t *comm = calloc(1, sizeof *comm);
    comm->magic = MAGIC; comm->ranks = ranks; comm->rank = rank;
    pthread_mutex_init(&comm->lock, NULL);
    pthread_cond_init(&comm->changed, NULL);
    struct sockaddr_un address;
    socklen_t length = address_of(&address, &id, rank);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, ranks)) { close(listener); free(comm); return INVALID_USAGE; }
    for (int peer = 0; peer < rank; peer++) {
        comm->sockets[peer] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        length = address_of(&address, &id, peer);
        while (connect(comm->sockets[peer], (struct sockaddr *)&address, length)) usleep(1000); // waits for ever, as NCCL does
        int32_t who = rank;
        if (!transfer(comm->sockets[peer], &who, sizeof who, 1)) return SYSTEM_ERROR;
    }
    for (int i = rank + 1; i < ranks; i++) {
        int accepted = accept(listener, NULL, NULL);
        int32_t who;
        if (!transfer(accepted, &who, sizeof who, 0) || who <= rank || who >= ranks) return SYSTEM_ERROR;
        comm->sockets[who] = accepted;
    }
    close(listener);
    if (pthread_create(&comm->worker, NULL, work, comm)) return SYSTEM_ERROR;
    *result = comm;
    return SUCCESS;
}

static void end(comm_t *comm) {
    pthread_mutex_lock(&comm->lock);
    comm->closing = 1;
    pthread_cond_broadcast(&comm->changed);
    pthread_mutex_unlock(&comm->lock);
    pthread_join(comm->worker, NULL);
    for (int rank = 0; rank < comm->ranks; rank++) if (rank != comm->rank) close(comm->sockets[rank]);
    comm->magic = 0;
    free(comm);
}

int ncclCommDestroy(comm_t *comm) {
    if (!valid(comm)) return INVALID_ARGUMENT;
    end(comm);
    return SUCCESS;
}

int ncclCommAbort(comm_t *comm) {
    if (!valid(comm)) return INVALID_ARGUMENT;
    atomic_store(&comm->aborted, 1);
    end(comm);
    return SUCCESS;
}

int ncclCommGetAsyncError(comm_t *comm, int *error) {
    if (!valid(comm) || !error) return INVALID_ARGUMENT;
    *error = atomic_load(&comm->error);
    return SUCCESS;
}

static void submit(comm_t *comm, stream_t *stream, op_t *ops) {
    batch_t *batch = calloc(1, sizeof *batch), **tail;
    batch->ops = ops;
    batch->stream = stream ? stream : &default_stream;
    atomic_fetch_add(&batch->stream->pending, 1);
    pthread_mutex_lock(&comm->lock);
    for (tail = &comm->queue; *tail; tail = &(*tail)->next) {}
    *tail = batch;
    pthread_cond_broadcast(&comm->changed);
    pthread_mutex_unlock(&comm->lock);
}

int ncclGroupStart(void) {
    if (group_depth++ == 0) { group.comm = NULL; group.stream = NULL; group.ops = NULL; group.tail = &group.ops; }
    return SUCCESS;
}

int ncclGroupEnd(void) {
    if (group_depth == 0) return INVALID_USAGE;
    if (--group_depth == 0 && group.ops) submit(group.comm, group.stream, group.ops);
    return SUCCESS;
}

static int enqueue(comm_t *comm, stream_t *stream, op_t *op) {
    if (group_depth == 0) { submit(comm, stream, op); return SUCCESS; }
    if (group.comm && (group.comm != comm || group.stream != stream)) { free(op); return INVALID_USAGE; } // more than Parcae needs
    group.comm = comm; group.stream = stream;
    *group.tail = op;
    group.tail = &op->next;
    return SUCCESS;
}

int ncclSend(const void *from, size_t count, int type, int peer, comm_t *comm, stream_t *stream) {
    if (!valid(comm) || !from || type != FLOAT32 || peer < 0 || peer >= comm->ranks || peer == comm->rank) return INVALID_ARGUMENT;
    return enqueue(comm, stream, new_op(SEND, from, NULL, count * sizeof(float), peer));
}

int ncclRecv(void *to, size_t count, int type, int peer, comm_t *comm, stream_t *stream) {
    if (!valid(comm) || !to || type != FLOAT32 || peer < 0 || peer >= comm->ranks || peer == comm->rank) return INVALID_ARGUMENT;
    return enqueue(comm, stream, new_op(RECEIVE, NULL, to, count * sizeof(float), peer));
}

int ncclAllReduce(const void *from, void *to, size_t count, int type, int operation, comm_t *comm, stream_t *stream) {
    if (!valid(comm) || !from || !to || type != FLOAT32 || operation != SUM) return INVALID_ARGUMENT;
    return enqueue(comm, stream, new_op(ALL_REDUCE, from, to, count * sizeof(float), 0));
}

// The driver. Torch computes on the host in these tests, so an event in its stream has always come.
static _Thread_local void *current;
static char context;

int cuInit(unsigned flags) { return flags == 0 ? 0 : 1; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return ordinal >= 0 && ordinal < 8 ? 0 : 101; }
int cuDeviceGetUuid(char *uuid, int device) { memset(uuid, device + 1, 16); return 0; }
int cuDevicePrimaryCtxRetain(void **made, int device) { (void)device; *made = &context; return 0; }
int cuDevicePrimaryCtxRelease_v2(int device) { (void)device; return 0; }
int cuCtxSetCurrent(void *wanted) { current = wanted; return 0; }
int cuStreamCreate(stream_t **stream, unsigned flags) {
    if (!current) return 201;
    if (flags > 1) return 1;
    *stream = calloc(1, sizeof **stream);
    return 0;
}
int cuStreamQuery(stream_t *stream) { return current ? atomic_load(&stream->pending) ? 600 : 0 : 201; }
int cuStreamDestroy_v2(stream_t *stream) { free(stream); return 0; }
int cuStreamWaitEvent(stream_t *stream, void *event, unsigned flags) { return stream && event && flags == 0 ? 0 : 1; }
int cuEventCreate(void **event, unsigned flags) { *event = malloc(1); return flags == 2 ? 0 : 1; }
int cuEventRecord(void *event, stream_t *stream) { return event && !stream ? 0 : 1; }
int cuEventDestroy_v2(void *event) { free(event); return 0; }
int cuGetErrorString(int result, const char **text) {
    *text = result == 201 ? "invalid device context" : result == 101 ? "invalid device ordinal" : "invalid argument";
    return 0;
}
