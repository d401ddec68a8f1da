/* Headers, pictures and files for Python. */
#include "binding.h"
#include "jpeg_header.h"
#include "jpeg_tiles.h"

#include <string.h>

PyObject *fl_py_jpeg_header(PyObject *module, PyObject *data)
{
    (void)module;
    Py_buffer bytes;
    if (PyObject_GetBuffer(data, &bytes, PyBUF_SIMPLE) < 0)
        return NULL;
    fl_header found;
    fl_status status;
    int code = fl_jpeg_header(bytes.buf, (size_t)bytes.len, &found, &status);
    PyBuffer_Release(&bytes);
    if (code != FL_OK)
        return fl_py_raise(&status);
    return Py_BuildValue("iiiii", found.width, found.height, found.channels, found.bits, found.orientation);
}

typedef struct {
    Py_buffer bytes, offsets; /* the latter may be none */
    int channels, top, left, height, width, reduce, fast, orientation;
} request;

static int check(const request *asked)
{
    int steps = asked->reduce == 1 || asked->reduce == 2 || asked->reduce == 4 || asked->reduce == 8;
    int window = asked->top >= 0 && asked->left >= 0 && asked->height > 0 && asked->width > 0 &&
                 asked->height <= 65535 && asked->width <= 65535 && asked->top <= 65535 && asked->left <= 65535;
    int turns = asked->orientation >= 1 && asked->orientation <= 8;
    int numbers = asked->offsets.len % 4 == 0 && asked->offsets.len / 4 <= INT32_MAX &&
                  (uintptr_t)asked->offsets.buf % 4 == 0;
    if (steps && window && turns && numbers && (asked->channels == 1 || asked->channels == 3))
        return 1;
    PyErr_SetString(PyExc_ValueError, "channels must be 1 or 3, reduce 1, 2, 4 or 8, orientation 1 to 8, the window "
                                      "inside the picture, and offsets of uint32");
    return 0;
}

static int decode(fl_worker *worker, const request *asked, fl_image *upright, fl_status *status)
{
    fl_jpeg_markers markers;
    const uint8_t *data = asked->bytes.buf;
    size_t size = (size_t)asked->bytes.len;
    if (fl_jpeg_walk(data, size, &markers, status) != FL_OK)
        return status->code;
    const fl_window window = {asked->top, asked->left, asked->top + asked->height, asked->left + asked->width};
    fl_window region = fl_stored(&window, asked->orientation, (markers.header.height - 1) / asked->reduce + 1,
                                 (markers.header.width - 1) / asked->reduce + 1);
    fl_image stored;
    int code = fl_jpeg_decode_tiles(worker, data, size, asked->offsets.buf, (int)(asked->offsets.len / 4), &region,
                                    asked->channels, asked->reduce, asked->fast, &stored, status);
    return code == FL_OK ? fl_turn(worker, &stored, asked->orientation, upright, status) : code;
}

static void copy(char *to, const fl_image *from)
{
    size_t row = (size_t)from->width * (size_t)from->channels;
    for (int line = 0; line < from->height; line++)
        memcpy(to + (size_t)line * row, from->pixels + line * from->stride, row);
}

static PyObject *decoded(const request *asked)
{
    fl_worker *worker = fl_worker_here();
    fl_image upright;
    fl_status status;
    int code = FL_NO_MEMORY;
    if (worker == NULL)
        return PyErr_NoMemory();
    Py_BEGIN_ALLOW_THREADS
    code = decode(worker, asked, &upright, &status);
    fl_tally(worker);
    Py_END_ALLOW_THREADS
    if (code != FL_OK)
        return fl_py_raise(&status);
    PyObject *pixels = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)asked->height * asked->width * asked->channels);
    if (pixels == NULL)
        return NULL;
    char *to = PyByteArray_AS_STRING(pixels);
    Py_BEGIN_ALLOW_THREADS
    copy(to, &upright);
    Py_END_ALLOW_THREADS
    return pixels;
}

PyObject *fl_py_decode_jpeg(PyObject *module, PyObject *arguments)
{
    (void)module;
    request asked = {.orientation = 1};
    if (!PyArg_ParseTuple(arguments, "y*iiiiiip|iz*:decode_jpeg", &asked.bytes, &asked.channels, &asked.top,
                          &asked.left, &asked.height, &asked.width, &asked.reduce, &asked.fast, &asked.orientation,
                          &asked.offsets))
        return NULL;
    PyObject *pixels = check(&asked) ? decoded(&asked) : NULL;
    PyBuffer_Release(&asked.bytes);
    if (asked.offsets.obj != NULL)
        PyBuffer_Release(&asked.offsets);
    return pixels;
}

PyObject *fl_py_read_file(PyObject *module, PyObject *path)
{
    (void)module;
    PyObject *name = NULL;
    if (!PyUnicode_FSConverter(path, &name))
        return NULL;
    fl_worker *worker = fl_worker_here();
    const uint8_t *data = NULL;
    size_t size = 0;
    fl_status status = {FL_NO_MEMORY, ""};
    Py_BEGIN_ALLOW_THREADS
    if (worker != NULL)
        fl_read(worker, PyBytes_AS_STRING(name), &data, &size, &status);
    Py_END_ALLOW_THREADS
    Py_DECREF(name);
    return data == NULL ? fl_py_raise(&status) : PyBytes_FromStringAndSize((const char *)data, (Py_ssize_t)size);
}
