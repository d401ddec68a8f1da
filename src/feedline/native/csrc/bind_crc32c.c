/* CRC-32C, for Python. */
#include "binding.h"
#include "crc32c.h"

enum { MANY = 4096 }; /* bytes that are worth letting go of the interpreter's lock */

static PyObject *sum_of(const Py_buffer *data, uint32_t value, fl_crc32c_way *way)
{
    if (data->len <= MANY)
        return PyLong_FromUnsignedLong(way(value, data->buf, (size_t)data->len));
    uint32_t made;
    Py_BEGIN_ALLOW_THREADS
    made = way(value, data->buf, (size_t)data->len);
    Py_END_ALLOW_THREADS
    return PyLong_FromUnsignedLong(made);
}

PyObject *fl_py_crc32c(PyObject *module, PyObject *given)
{
    (void)module;
    Py_buffer data;
    long long value = 0;
    const char *name = NULL;
    PyObject *made = NULL;
    if (!PyArg_ParseTuple(given, "y*|Lz:crc32c", &data, &value, &name))
        return NULL;
    fl_crc32c_way *way = name == NULL ? fl_crc32c_here() : fl_crc32c_named(name);
    if (value < 0 || value > UINT32_MAX)
        PyErr_Format(PyExc_ValueError, "a CRC to go on from has to be 0 to 2**32 - 1, found %lld", value);
    else if (way == NULL)
        PyErr_Format(PyExc_ValueError, "no way of this processor to a CRC is called \"%s\"", name);
    else
        made = sum_of(&data, (uint32_t)value, way);
    PyBuffer_Release(&data);
    return made;
}

PyObject *fl_py_crc32c_names(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    const char *const *names = fl_crc32c_names();
    PyObject *all = PyList_New(0);
    for (; all != NULL && *names != NULL; names++) {
        PyObject *name = PyUnicode_FromString(*names);
        if (name == NULL || PyList_Append(all, name) < 0)
            Py_CLEAR(all);
        Py_XDECREF(name);
    }
    return all;
}
