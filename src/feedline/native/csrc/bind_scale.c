/* Resampling for Python: arrays of bytes in, arrays of bytes or floats out. */
#include "binding.h"
#include "resample.h"

#include <string.h>

/* Whether rows x columns of the sink's pixels, each number `size` bytes, lie within `length` bytes from `start` on. */
static int lies_within(const fl_sink *sink, Py_ssize_t start, Py_ssize_t length, int rows, int columns, int size)
{
    const ptrdiff_t steps[] = {sink->row, sink->column, sink->channel};
    const int counts[] = {rows, columns, sink->channels};
    Py_ssize_t low = start, high = start;
    if (start < 0 || start > length)
        return 0;
    for (int axis = 0; axis < 3; axis++) {
        Py_ssize_t last = counts[axis] - 1, step = steps[axis];
        if (last > 0 && (step > length / last || step < -(length / last)))
            return 0;
        low += step < 0 ? step * last : 0;
        high += step > 0 ? step * last : 0;
    }
    return low >= 0 && high <= length - size;
}

static int regrid(const fl_image *image, const fl_grid *rows, const fl_grid *columns, int form, const fl_sink *sink,
                  fl_status *status)
{
    fl_worker *worker = fl_worker_here();
    fl_taps down, across;
    if (worker == NULL)
        return fl_fail(status, FL_NO_MEMORY, "no memory for a thread");
    if (fl_weigh(worker, FL_ROWS, rows, image->height, form, &down, status) != FL_OK ||
        fl_weigh(worker, FL_COLUMNS, columns, image->width, form, &across, status) != FL_OK)
        return status->code;
    return fl_scale(worker, image, &down, &across, sink, 0, 0, status);
}

static PyObject *regridded(const fl_image *image, const fl_grid *rows, const fl_grid *columns, int form,
                           const fl_sink *sink)
{
    fl_status status = {0};
    Py_BEGIN_ALLOW_THREADS
    regrid(image, rows, columns, form, sink, &status);
    Py_END_ALLOW_THREADS
    if (status.code != FL_OK)
        return fl_py_raise(&status);
    Py_RETURN_NONE;
}

static PyObject *wrong(const char *what)
{
    PyErr_SetString(PyExc_ValueError, what);
    return NULL;
}

PyObject *fl_py_regrid(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *array, *target, *result = NULL;
    Py_buffer in, out;
    fl_image image, made;
    fl_grid rows, columns;
    int form;
    if (!PyArg_ParseTuple(arguments, "O(iddd)(iddd)iO:regrid", &array, &rows.count, &rows.start, &rows.step,
                          &rows.width, &columns.count, &columns.start, &columns.step, &columns.width, &form, &target))
        return NULL;
    if (!fl_py_image(array, 0, &in, &image))
        return NULL;
    if (fl_py_image(target, 1, &out, &made)) {
        fl_sink sink = {.data = made.pixels, .channels = made.channels, .row = made.stride, .column = made.channels,
                        .channel = 1};
        if (form < FL_NEAREST || form > FL_BICUBIC)
            result = wrong("a filter is 0, 1 or 2");
        else if (made.height != rows.count || made.width != columns.count || made.channels != image.channels)
            result = wrong("the output is not of the grids' size and the image's channels");
        else
            result = regridded(&image, &rows, &columns, form, &sink);
        PyBuffer_Release(&out);
    }
    PyBuffer_Release(&in);
    return result;
}

/* What numbers become on the way out: buffers as Python gave them, and numbers of them as a sink needs them. */
typedef struct {
    Py_buffer table, levels, affine;
    float factor[FL_REPEAT], offset[FL_REPEAT];
} values;

/* Makes the sink use them; 0 where they are of another size. */
static int use(values *given, fl_sink *sink)
{
    const int channels = sink->channels;
    float numbers[8];
    if ((given->table.buf != NULL && given->table.len != 256 * channels) ||
        (given->levels.buf != NULL && given->levels.len != 1024 * channels) ||
        (given->affine.buf != NULL && given->affine.len != 8 * channels) ||
        (uintptr_t)given->levels.buf % sizeof(float) != 0)
        return 0;
    sink->table = given->table.buf, sink->levels = given->levels.buf;
    sink->factor = sink->offset = NULL;
    if (given->affine.buf != NULL) {
        memcpy(numbers, given->affine.buf, (size_t)given->affine.len);
        fl_repeat(given->factor, numbers, channels);
        fl_repeat(given->offset, numbers + channels, channels);
        sink->factor = given->factor, sink->offset = given->offset;
    }
    return 1;
}

PyObject *fl_py_regrid_into(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *array, *result = NULL;
    Py_buffer in, out;
    values given;
    fl_image image;
    fl_grid rows, columns;
    fl_sink sink = {0};
    Py_ssize_t start;
    int form;
    if (!PyArg_ParseTuple(arguments, "O(iddd)(iddd)iw*(nnnn)z*z*z*:regrid_into", &array, &rows.count, &rows.start,
                          &rows.step, &rows.width, &columns.count, &columns.start, &columns.step, &columns.width, &form,
                          &out, &start, &sink.row, &sink.column, &sink.channel, &given.table, &given.levels,
                          &given.affine))
        return NULL;
    if (fl_py_image(array, 0, &in, &image)) {
        sink.channels = image.channels;
        if (form < FL_NEAREST || form > FL_BICUBIC)
            result = wrong("a filter is 0, 1 or 2");
        else if (!use(&given, &sink))
            result = wrong("a table has 256 numbers a channel, and what scales and shifts has two");
        else if (!lies_within(&sink, start, out.len, rows.count, columns.count, sink.levels || sink.factor ? 4 : 1))
            result = wrong("the output has not as many bytes");
        else {
            sink.data = (uint8_t *)out.buf + start;
            result = regridded(&image, &rows, &columns, form, &sink);
        }
        PyBuffer_Release(&in);
    }
    PyBuffer_Release(&out);
    PyBuffer_Release(&given.table);
    PyBuffer_Release(&given.levels);
    PyBuffer_Release(&given.affine);
    return result;
}
