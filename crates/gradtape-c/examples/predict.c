/* Predicts the rows of a CSV file: cc predict.c -I../include -lgradtape_c, then ./a.out model.safetensors rows.csv */

#include <stdio.h>
#include <stdlib.h>

#include "gradtape.h"

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
  FILE *file = fopen(words[2], "rb");
  static char text[1 << 20];
  size_t length = file ? fread(text, 1, sizeof text, file) : 0;
  size_t outputs = gradtape_outputs(model), rows = 0;
  double *out = calloc(10000 * outputs, sizeof *out);
  int failed = gradtape_predict_text(model, text, length, out, 10000 * outputs, &rows);
  if (failed) {
    fprintf(stderr, "error: %s\n", gradtape_error());
  }
  for (size_t row = 0; !failed && row < rows; row++) {
    for (size_t place = 0; place < outputs; place++) {
      const char *name = gradtape_class(model, place);
      printf("%s%s %.6f", place ? ", " : "", name ? name : gradtape_target(model), out[row * outputs + place]);
    }
    printf("\n");
  }
  free(out);
  gradtape_free(model);
  return failed ? 1 : 0;
}
