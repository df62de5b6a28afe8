/* gradtape's models from C.
 *
 * Link with -lgradtape_c; of the static library also what Rust's standard library needs: on Linux -lpthread -ldl -lm.
 *
 * A function that fails says so by its result; gradtape_error() then tells why, on the thread that called it. Texts are
 * UTF-8 and end in a 0. A model may be used from several threads at once. No function ends the program. */

#ifndef GRADTAPE_H
#define GRADTAPE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A model of a table: the network, and what is done to the columns before it. */
typedef struct gradtape_model gradtape_model;

/* The version of the library, such as "0.1.0". */
const char *gradtape_version(void);

/* Why the last function that failed on this thread did, with a hint if there is one; NULL if none has. It is there until
 * the next call on this thread. */
const char *gradtape_error(void);

/* Reads a model file that `gradtape train` wrote. NULL where that fails. Give it to gradtape_free in the end. */
gradtape_model *gradtape_load(const char *path);

/* Frees a model; does nothing for NULL. No text that came from it may be used afterwards. */
void gradtape_free(gradtape_model *model);

/* The column that is predicted. NULL where model is NULL. */
const char *gradtape_target(const gradtape_model *model);

/* How many columns the model reads, and their names in the order of the training. */
size_t gradtape_columns(const gradtape_model *model);
const char *gradtape_column(const gradtape_model *model, size_t place);

/* How many numbers there are for a row: the probability of each class, or one number in the unit of the table. */
size_t gradtape_outputs(const gradtape_model *model);

/* The name of a class; NULL where a number is predicted, or there is no such class. */
const char *gradtape_class(const gradtape_model *model, size_t place);

/* Predicts rows of numbers, row after row, each with a number for every column in the order of gradtape_column; NAN for
 * one that is missing. `out` has room for rows * gradtape_outputs(model), and may be `numbers` itself. 0 where it succeeds,
 * -1 where it fails. */
int gradtape_predict(const gradtape_model *model, const double *numbers, size_t rows, double *out);

/* Predicts the rows of a text of `length` bytes: CSV with a header, a JSON array of objects, or objects one a line. `out`
 * has room for `capacity` numbers; it may be NULL where that is 0. *rows becomes the number of rows also where there is too
 * little room, which is a failure. 0 where it succeeds, -1 where it fails. */
int gradtape_predict_text(const gradtape_model *model, const char *text, size_t length, double *out, size_t capacity,
                          size_t *rows);

#ifdef __cplusplus
}
#endif

#endif
