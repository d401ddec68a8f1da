/* See bind_sources.h. */
#include "bind_sources.h"

#include <string.h>

#include "ahead.h"

int fl_hold(fl_sources *from, PyObject *object, int flags)
{
    if (PyObject_GetBuffer(object, &from->buffers[from->held], flags) < 0)
        return -1;
    from->held++;
    return 0;
}

void fl_let_go(fl_sources *from, Py_ssize_t count)
{
    while (from->held > 0)
        PyBuffer_Release(&from->buffers[--from->held]);
    for (Py_ssize_t place = 0; from->files != NULL && place < count; place++)
        if (from->files[place].obj != NULL)
            PyBuffer_Release(&from->files[place]);
    PyMem_Free(from->files);
    Py_CLEAR(from->items);
}

static int take_pieces(fl_sources *from, PyObject *text, PyObject *ends, fl_pieces *pieces)
{
    if (fl_hold(from, text, PyBUF_SIMPLE) < 0)
        return -1;
    const Py_buffer *bytes = &from->buffers[from->held - 1];
    if (fl_hold(from, ends, PyBUF_SIMPLE | PyBUF_FORMAT) < 0)
        return -1;
    const Py_buffer *numbers = &from->buffers[from->held - 1];
    if ((numbers->itemsize != 4 && numbers->itemsize != 8) || numbers->len < numbers->itemsize ||
        (uintptr_t)numbers->buf % (size_t)numbers->itemsize) {
        PyErr_SetString(PyExc_ValueError, "ends must be of uint32 or int64, one more than there are pieces");
        return -1;
    }
    *pieces = (fl_pieces){bytes->buf, (size_t)bytes->len, numbers->buf, numbers->itemsize == 8,
                          numbers->len / numbers->itemsize - 1};
    return 0;
}

/* (root, starts, heads, heads_ends, names, names_ends, tails, tails_ends) */
static int take_paths(fl_sources *from, PyObject *given)
{
    PyObject *object[8];
    if (!PyArg_ParseTuple(given, "OOOOOOOO", &object[0], &object[1], &object[2], &object[3], &object[4], &object[5],
                          &object[6], &object[7]))
        return -1;
    char *root;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(object[0], &root, &length) < 0 || fl_hold(from, object[1], PyBUF_SIMPLE) < 0)
        return -1;
    const Py_buffer *starts = &from->buffers[0];
    if (starts->len < 16 || starts->len % 8 || (uintptr_t)starts->buf % 8) {
        PyErr_SetString(PyExc_ValueError, "starts must be of int64, one more than there are groups");
        return -1;
    }
    from->paths.root = root;
    from->paths.root_length = (size_t)length;
    from->paths.starts = starts->buf;
    from->paths.groups = starts->len / 8 - 1;
    from->has_paths = 1;
    return take_pieces(from, object[2], object[3], &from->paths.heads) ||
                   take_pieces(from, object[4], object[5], &from->paths.names) ||
                   take_pieces(from, object[6], object[7], &from->paths.tails)
               ? -1
               : 0;
}

/* NxHxWxC uint8 whose pixels are whole. */
static int take_images(fl_sources *from, PyObject *given)
{
    if (fl_hold(from, given, PyBUF_STRIDED_RO | PyBUF_FORMAT) < 0)
        return -1;
    const Py_buffer *held = &from->buffers[0];
    if (held->ndim != 4 || held->itemsize != 1 || held->strides[3] != 1 || held->strides[2] != held->shape[3] ||
        held->shape[1] < 1 || held->shape[2] < 1 || held->shape[1] > INT32_MAX || held->shape[2] > INT32_MAX ||
        held->shape[3] < 1 || held->shape[3] > 4) {
        PyErr_SetString(PyExc_ValueError, "images must be NxHxWxC uint8 of 1 to 4 channels, their pixels whole");
        return -1;
    }
    from->image = (fl_image){held->buf, (int)held->shape[1], (int)held->shape[2], (int)held->shape[3],
                             held->strides[1]};
    from->next = held->strides[0];
    from->images = held->shape[0];
    from->has_images = 1;
    return 0;
}

/* Whether it is a file's bytes, or HxWxC uint8 of any strides. */
static int takes_item(const Py_buffer *item)
{
    const int bytes = item->itemsize == 1 && (item->format == NULL || strcmp(item->format, "B") == 0);
    const int file = item->ndim == 1 && item->strides[0] == 1;
    const int picture = item->ndim == 3 && item->shape[0] > 0 && item->shape[0] < 1 << 20 && item->shape[1] > 0 &&
                        item->shape[1] < 1 << 20 && item->shape[2] > 0 && item->shape[2] <= 4;
    return bytes && (file || picture);
}

/* A list of encoded files and pictures; all else in it is left to the twin. */
static int take_files(fl_sources *from, PyObject *given, Py_ssize_t count)
{
    if (PyList_GET_SIZE(given) != count) {
        PyErr_SetString(PyExc_ValueError, "there must be a file for each index");
        return -1;
    }
    from->items = PyList_GetSlice(given, 0, count); /* whose items nobody else exchanges */
    from->files = PyMem_Calloc((size_t)count + 1, sizeof *from->files);
    if (from->items == NULL || from->files == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t place = 0; place < count; place++) {
        PyObject *item = PyList_GET_ITEM(from->items, place);
        if (PyObject_GetBuffer(item, &from->files[place], PyBUF_STRIDED_RO | PyBUF_FORMAT) < 0)
            PyErr_Clear();
        else if (!takes_item(&from->files[place]))
            PyBuffer_Release(&from->files[place]);
    }
    return 0;
}

int fl_take(fl_sources *from, PyObject *given, Py_ssize_t count)
{
    if (PyTuple_Check(given))
        return PyTuple_GET_SIZE(given) == 1 ? fl_take_segments(from, given) : take_paths(from, given);
    return PyList_Check(given) ? take_files(from, given, count) : take_images(from, given);
}

/* A picture whose pixels are whole: as it lies, or gathered. */
static int gathered(fl_worker *worker, const Py_buffer *item, fl_image *image, fl_status *status)
{
    const Py_ssize_t *stride = item->strides, channels = item->shape[2];
    *image = (fl_image){item->buf, (int)item->shape[0], (int)item->shape[1], (int)channels, stride[0]};
    if (stride[2] == 1 && stride[1] == channels)
        return FL_OK;
    image->stride = item->shape[1] * channels;
    uint8_t *out = image->pixels = fl_block(worker, FL_UPRIGHT, (size_t)(item->shape[0] * image->stride));
    if (out == NULL)
        return fl_fail(status, FL_NO_MEMORY, "no memory for a picture");
    for (Py_ssize_t row = 0; row < item->shape[0]; row++)
        for (Py_ssize_t column = 0; column < item->shape[1]; column++)
            for (Py_ssize_t channel = 0; channel < channels; channel++)
                *out++ = ((const uint8_t *)item->buf)[row * stride[0] + column * stride[1] + channel * stride[2]];
    return FL_OK;
}

static int run_item(fl_worker *worker, const fl_job *job, const Py_buffer *item, int64_t index, int place,
                    fl_status *status)
{
    fl_image image;
    if (item->obj == NULL)
        return fl_fail(status, FL_DECLINED, "no bytes");
    if (item->ndim == 1)
        return fl_run_bytes(worker, job, index, place, item->buf, (size_t)item->len, status);
    if (gathered(worker, item, &image, status) != FL_OK)
        return status->code;
    return fl_run_image(worker, job, index, place, &image, status);
}

/* Images that lie anywhere in an array are on their way while the one before them is made. */
void fl_ask(const fl_sources *from, int64_t index)
{
    if (from->has_segments)
        fl_ask_segment(&from->segments, index);
    else if (from->has_images && index >= 0 && index < from->images)
        fl_ask_for((uintptr_t)(from->image.pixels + index * from->next),
                   (uint64_t)(from->image.stride * from->image.height));
}

/* One sample; without the interpreter's lock. */
int fl_run_one(fl_worker *worker, const fl_job *job, const fl_sources *from, int64_t index, int place,
               fl_status *status)
{
    char path[FL_LONGEST_PATH];
    if (from->has_paths) {
        if (fl_path_of(&from->paths, index, path, status) != FL_OK)
            return status->code;
        return fl_run_path(worker, job, index, place, path, status);
    }
    if (from->has_images) {
        fl_image image = from->image;
        if (index < 0 || index >= from->images)
            return fl_fail(status, FL_DECLINED, "no such image");
        image.pixels += index * from->next;
        return fl_run_image(worker, job, index, place, &image, status);
    }
    if (from->has_segments)
        return fl_run_segment(worker, job, &from->segments, index, place, status);
    return run_item(worker, job, &from->files[place], index, place, status);
}
