/* A file's bytes. */
#define _POSIX_C_SOURCE 200809L
#include "codecs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_BYTES ((off_t)1 << 30)
enum { ZEROS = 8 }; /* behind the last byte, so that a reader may look a little further */

static int fail_with_errno(fl_status *status)
{
    return fl_fail(status, FL_UNREADABLE, "%s", strerror(errno));
}

static int check(int file, size_t *size, fl_status *status)
{
    struct stat found;
    if (fstat(file, &found) != 0)
        return fail_with_errno(status);
    if (!S_ISREG(found.st_mode))
        return fl_fail(status, FL_UNREADABLE, "not a regular file");
    if (found.st_size <= 0 || found.st_size > MOST_BYTES) /* some file systems do not know a size before it is read */
        return fl_fail(status, FL_DECLINED, "a file of %lld bytes", (long long)found.st_size);
    *size = (size_t)found.st_size;
    return FL_OK;
}

/* Until there are `size` bytes, or no more: the file may shrink meanwhile. */
static int read_all(int file, uint8_t *bytes, size_t *size, fl_status *status)
{
    size_t done = 0;
    while (done < *size) {
        ssize_t more = read(file, bytes + done, *size - done);
        if (more < 0 && errno != EINTR)
            return fail_with_errno(status);
        if (more == 0)
            break;
        done += more > 0 ? (size_t)more : 0;
    }
    *size = done;
    return FL_OK;
}

static int read_open(fl_worker *worker, int file, const uint8_t **data, size_t *size, fl_status *status)
{
    if (check(file, size, status) != FL_OK)
        return status->code;
    uint8_t *bytes = fl_block(worker, FL_FILE, *size + ZEROS);
    if (bytes == NULL)
        return fl_fail(status, FL_NO_MEMORY, "no memory for a file of %zu bytes", *size);
    if (read_all(file, bytes, size, status) != FL_OK)
        return status->code;
    memset(bytes + *size, 0, ZEROS);
    *data = bytes;
    return FL_OK;
}

int fl_read(fl_worker *worker, const char *path, const uint8_t **data, size_t *size, fl_status *status)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer would be waited for */
    if (file < 0)
        return fail_with_errno(status);
    int code = read_open(worker, file, data, size, status);
    close(file);
    return code;
}
