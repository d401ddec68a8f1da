/* fl_place for tests in Python. */
#include "binding.h"
#include "place.h"

#include <string.h>

typedef struct {
    Py_buffer image, fill, out, table, levels;
    fl_image picture;
    fl_window window, frame;
    uint8_t fillings[4];
    int transpose, flip_rows, flip_columns;
    fl_sink sink;
    Py_ssize_t offset;
    int height, width;
} call;

static int fits(const Py_buffer *buffer, Py_ssize_t wanted)
{
    return buffer->len >= wanted;
}

/* Whether the first and the last byte of the sink lie in the memory, whichever way its steps go. */
static int check_sink(const call *asked)
{
    const fl_sink *sink = &asked->sink;
    Py_ssize_t size = sink->levels != NULL ? (Py_ssize_t)sizeof(float) : 1;
    Py_ssize_t low = asked->offset, high = asked->offset + size;
    Py_ssize_t reach[] = {(asked->height - 1) * sink->row, (asked->width - 1) * sink->column,
                          (sink->channels - 1) * sink->channel};
    for (int each = 0; each < 3; each++)
        *(reach[each] < 0 ? &low : &high) += reach[each];
    return asked->height > 0 && asked->width > 0 && low >= 0 && high <= asked->out.len;
}

static int check(call *asked)
{
    fl_image *picture = &asked->picture;
    int channels = picture->channels;
    picture->pixels = asked->image.buf;
    picture->stride = (ptrdiff_t)picture->width * channels;
    asked->sink.table = asked->table.buf;
    asked->sink.levels = asked->levels.buf;
    asked->sink.channels = channels;
    asked->sink.data = (uint8_t *)asked->out.buf + asked->offset;
    if (channels < 1 || channels > 4 || picture->height < 0 || picture->width < 0)
        return 0;
    memcpy(asked->fillings, asked->fill.buf, asked->fill.len < 4 ? (size_t)asked->fill.len : 4);
    return fits(&asked->image, picture->height * picture->stride) && check_sink(asked) &&
           (asked->table.buf == NULL || fits(&asked->table, channels * 256)) &&
           (asked->levels.buf == NULL || fits(&asked->levels, channels * 256 * (Py_ssize_t)sizeof(float)));
}

static PyObject *place(call *asked)
{
    fl_status status = {0};
    if (!check(asked)) {
        PyErr_SetString(PyExc_ValueError, "place: a buffer is too small for what it shall hold");
        return NULL;
    }
    if (fl_place(fl_worker_here(), &asked->picture, &asked->window, asked->transpose, asked->flip_rows,
                 asked->flip_columns, &asked->frame, asked->fillings, &asked->sink, asked->height, asked->width,
                 &status) != FL_OK)
        return fl_py_raise(&status);
    Py_RETURN_NONE;
}

PyObject *fl_py_place(PyObject *module, PyObject *arguments)
{
    (void)module;
    call asked = {0};
    fl_image *picture = &asked.picture;
    fl_window *window = &asked.window, *frame = &asked.frame;
    fl_sink *sink = &asked.sink;
    if (!PyArg_ParseTuple(arguments, "y*(iii)(iiii)(iiii)y*(ppp)w*n(nnn)(ii)z*z*", &asked.image, &picture->height,
                          &picture->width, &picture->channels, &window->top, &window->left, &window->bottom,
                          &window->right, &frame->top, &frame->left, &frame->bottom, &frame->right, &asked.fill,
                          &asked.transpose, &asked.flip_rows, &asked.flip_columns, &asked.out, &asked.offset,
                          &sink->row, &sink->column, &sink->channel, &asked.height, &asked.width, &asked.table,
                          &asked.levels))
        return NULL;
    PyObject *outcome = place(&asked);
    Py_buffer *held[] = {&asked.image, &asked.fill, &asked.out, &asked.table, &asked.levels};
    for (size_t each = 0; each < sizeof held / sizeof *held; each++)
        PyBuffer_Release(held[each]);
    return outcome;
}
