/* Predicts the rows of a CSV file: cc predict.c -I../include -lgradtape_c, then ./a.out model.safetensors rows.csv */

#include <stdio.h>
#include <stdlib.h>

#include "gradtape.h"

/* The bytes of a file; NULL where it cannot be read. */
static char *whole(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  char *text = NULL;
  if (file && fseek(file, 0, SEEK_END) == 0) {
    long end = ftell(file);
    rewind(file);
    text = end < 0 ? NULL : malloc((size_t)end + 1);
    *length = text ? fread(text, 1, (size_t)end, file) : 0;
  }
  if (file) fclose(file);
  return text;
}

int main(int count, char **words) {
  if (count != 3) {
    fprintf(stderr, "usage: %s MODEL CSV\n", words[0]);
    return 2;
  }
  gradtape_model *model = gradtape_load(words[1]);
  if (!model) {
    fprintf(stderr, "error: %s\n", gradtape_error());
    return 1;
  }
  size_t length = 0, outputs = gradtape_outputs(model), rows = 0;
  char *text = whole(words[2], &length);
  if (!text) {
    fprintf(stderr, "error: %s cannot be read\n", words[2]);
    gradtape_free(model);
    return 1;
  }
  /* Without room it tells how many rows there are. */
  gradtape_predict_text(model, text, length, NULL, 0, &rows);
  double *out = calloc(rows * outputs + 1, sizeof *out);
  int failed = gradtape_predict_text(model, text, length, out, rows * outputs, &rows);
  if (failed) fprintf(stderr, "error: %s\n", gradtape_error());
  for (size_t row = 0; !failed && row < rows; row++) {
    for (size_t place = 0; place < outputs; place++) {
      const char *name = gradtape_class(model, place);
      printf("%s%s %.6f", place ? ", " : "", name ? name : gradtape_target(model), out[row * outputs + place]);
    }
    printf("\n");
  }
  free(out);
  free(text);
  gradtape_free(model);
  return failed ? 1 : 0;
}
