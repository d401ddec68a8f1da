/* See paths.h. */
#include "paths.h"

#include <string.h>

static int64_t end_of(const fl_pieces *pieces, int64_t place)
{
    return pieces->wide ? ((const int64_t *)pieces->ends)[place] : ((const uint32_t *)pieces->ends)[place];
}

/* Appends piece `place`, without its last `less` bytes. */
static int append(const fl_pieces *pieces, int64_t place, int64_t less, char *path, size_t *length)
{
    if (place < 0 || place >= pieces->count)
        return 0;
    const int64_t from = end_of(pieces, place), to = end_of(pieces, place + 1) - less;
    if (from < 0 || to < from || (uint64_t)to > pieces->length || *length + (size_t)(to - from) >= FL_LONGEST_PATH)
        return 0;
    memcpy(path + *length, pieces->text + from, (size_t)(to - from));
    *length += (size_t)(to - from);
    return 1;
}

/* The group that an index belongs to: the last that begins at it or before. */
static int64_t group_of(const fl_paths *paths, int64_t index)
{
    int64_t low = 0, high = paths->groups;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (paths->starts[middle + 1] <= index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int fl_path_of(const fl_paths *paths, int64_t index, char *path, fl_status *status)
{
    const int64_t group = group_of(paths, index);
    size_t length = paths->root_length;
    if (length >= FL_LONGEST_PATH || index < 0)
        return fl_fail(status, FL_DECLINED, "no such path");
    memcpy(path, paths->root, length);
    if (!append(&paths->heads, group, 0, path, &length) || !append(&paths->names, index, 1, path, &length) ||
        !append(&paths->tails, group, 0, path, &length))
        return fl_fail(status, FL_DECLINED, "no such path, or one of more than %d bytes", FL_LONGEST_PATH);
    path[length] = 0;
    return strlen(path) == length ? FL_OK : fl_fail(status, FL_DECLINED, "a path with a 0 in it");
}
