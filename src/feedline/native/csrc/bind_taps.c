/* Weights for Python. */
#include "binding.h"
#include "resample.h"

#include <string.h>

PyObject *fl_py_taps(PyObject *module, PyObject *arguments)
{
    (void)module;
    fl_grid grid;
    fl_taps taps;
    fl_status status = {0};
    int limit, form;
    if (!PyArg_ParseTuple(arguments, "idddii:taps", &grid.count, &grid.start, &grid.step, &grid.width, &limit, &form))
        return NULL;
    fl_worker *worker = fl_worker_here();
    if (worker == NULL)
        return PyErr_NoMemory();
    if (form < FL_NEAREST || form > FL_BICUBIC) {
        PyErr_SetString(PyExc_ValueError, "a filter is 0, 1 or 2");
        return NULL;
    }
    if (fl_weigh(worker, FL_ROWS, &grid, limit, form, &taps, &status) != FL_OK)
        return fl_py_raise(&status);
    Py_ssize_t count = taps.count;
    return Py_BuildValue("y#y#i", (const char *)taps.first, count * 4, (const char *)taps.weight,
                         count * taps.taps * 2, taps.taps);
}

/* Whether the weights of a pixel are for pixels within `limit`, and their sums within 32 bits. */
static int sound(int32_t first, const int16_t *weight, int taps, int limit)
{
    int64_t sum = 0;
    for (int tap = 0; tap < taps; tap++) {
        if (weight[tap] != 0 && first + (int64_t)tap >= limit)
            return 0;
        sum += weight[tap] < 0 ? -(int64_t)weight[tap] : weight[tap];
    }
    return first >= 0 && first < limit && sum < 1 << 22;
}

/* Taps that Python made, in a block of the worker; 0 with an error set where they are none for `limit` pixels. */
static int taps_of(fl_worker *worker, enum fl_block block, const Py_buffer *first, const Py_buffer *weight, int limit,
                   fl_taps *taps)
{
    Py_ssize_t count = first->len / 4, each = count > 0 ? weight->len / 2 / count : 0;
    int good = count > 0 && count < INT32_MAX && each >= 2 && each < INT32_MAX && each % 2 == 0 &&
               first->len == 4 * count && weight->len == 2 * count * each;
    taps->first = fl_block(worker, block, (size_t)(first->len + weight->len));
    if (taps->first == NULL) {
        PyErr_NoMemory();
        return 0;
    }
    memcpy(taps->first, first->buf, (size_t)first->len);
    taps->weight = (int16_t *)((uint8_t *)taps->first + first->len);
    memcpy(taps->weight, weight->buf, (size_t)weight->len);
    taps->count = (int)count, taps->taps = (int)each;
    for (Py_ssize_t place = 0; good && place < count; place++)
        good = sound(taps->first[place], taps->weight + place * each, taps->taps, limit);
    if (!good)
        PyErr_Format(PyExc_ValueError, "taps are an even number of 16-bit weights a pixel for those of %d pixels", limit);
    return good;
}

static PyObject *scaled(const fl_image *image, const Py_buffer *given, const fl_image *made)
{
    fl_worker *worker = fl_worker_here();
    fl_taps rows, columns;
    fl_status status = {0};
    fl_sink sink = {.data = made->pixels, .channels = made->channels, .row = made->stride, .column = made->channels,
                    .channel = 1};
    if (worker == NULL)
        return PyErr_NoMemory();
    if (!taps_of(worker, FL_ROWS, &given[0], &given[1], image->height, &rows) ||
        !taps_of(worker, FL_COLUMNS, &given[2], &given[3], image->width, &columns))
        return NULL;
    if (made->height != rows.count || made->width != columns.count || made->channels != image->channels) {
        PyErr_SetString(PyExc_ValueError, "the output is not of the taps' size and the image's channels");
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    fl_scale(worker, image, &rows, &columns, &sink, 0, 0, &status);
    Py_END_ALLOW_THREADS
    if (status.code != FL_OK)
        return fl_py_raise(&status);
    Py_RETURN_NONE;
}

PyObject *fl_py_scale(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *array, *target, *result = NULL;
    Py_buffer in, out, given[4];
    fl_image image, made;
    if (!PyArg_ParseTuple(arguments, "Oy*y*y*y*O:scale", &array, &given[0], &given[1], &given[2], &given[3], &target))
        return NULL;
    if (fl_py_image(array, 0, &in, &image)) {
        if (fl_py_image(target, 1, &out, &made)) {
            result = scaled(&image, given, &made);
            PyBuffer_Release(&out);
        }
        PyBuffer_Release(&in);
    }
    for (int view = 0; view < 4; view++)
        PyBuffer_Release(&given[view]);
    return result;
}
