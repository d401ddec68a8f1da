/* feedline.native._kernel.words */
#include "binding.h"
#include "philox.h"

#define BLOCKS INT32_MAX

static int add_words(PyObject *words, const uint32_t *found, Py_ssize_t first, Py_ssize_t count)
{
    for (Py_ssize_t place = first; place < first + 4 && place < count; place++) {
        PyObject *word = PyLong_FromUnsignedLong(found[place - first]);
        if (word == NULL)
            return -1;
        PyList_SET_ITEM(words, place, word);
    }
    return 0;
}

PyObject *fl_py_words(PyObject *module, PyObject *given)
{
    (void)module;
    unsigned long long seed, epoch, index;
    Py_ssize_t operation, count, block;
    if (!PyArg_ParseTuple(given, "KKKnnn:words", &seed, &epoch, &index, &operation, &count, &block))
        return NULL;
    if (operation < 0 || operation > 65535 || block < 0 || count < 0 || block > BLOCKS || count / 4 >= BLOCKS - block)
        return PyErr_Format(PyExc_ValueError, "the operation has to be 0 to 65535 and blocks below 2**31, found %zd, "
                            "and %zd words from block %zd on", operation, count, block);
    PyObject *words = PyList_New(count);
    for (Py_ssize_t place = 0; words != NULL && place < count; place += 4, block++) {
        uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), (uint32_t)epoch,
                               (uint32_t)operation << 16 | (uint32_t)block}, found[4];
        fl_philox(counter, seed, found);
        if (add_words(words, found, place, count))
            Py_CLEAR(words);
    }
    return words;
}
