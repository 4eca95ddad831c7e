/* Which of many patterns are in a text, by Hyperscan or Vectorscan.
 *
 * hyperscan literals|regexes PATTERNS TEXT...
 *
 * PATTERNS is a file with a pattern a line, each TEXT a file to scan. For each line "I N" on the
 * standard input, TEXT number I is scanned N times, and a line "T M" says that this took T
 * nanoseconds of CPU time and that the text holds M of the patterns. Ends with its input.
 */
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct text {
  char *bytes;
  size_t length;
};

static void fail(const char *what) {
  fprintf(stderr, "hyperscan: %s\n", what);
  exit(1);
}

static void *checked(void *memory) {
  if (!memory) fail("no memory");
  return memory;
}

static struct text read_file(const char *path) {
  struct text text = {NULL, 0};
  FILE *file = fopen(path, "rb");
  long length;
  if (!file || fseek(file, 0, SEEK_END) || (length = ftell(file)) < 0) fail(path);
  rewind(file);
  text.bytes = checked(malloc((size_t)length + 1));
  text.length = fread(text.bytes, 1, (size_t)length, file);
  text.bytes[text.length] = 0;
  fclose(file);
  return text;
}

/* All matches are reported, each pattern's once. */
static hs_database_t *compile(const char *kind, struct text patterns) {
  unsigned most = 1, count = 0;
  for (size_t at = 0; at < patterns.length; at++) most += patterns.bytes[at] == '\n';
  const char **sources = checked(calloc(most, sizeof *sources));
  unsigned *flags = checked(calloc(most, sizeof *flags));
  unsigned *ids = checked(calloc(most, sizeof *ids));
  size_t *lengths = checked(calloc(most, sizeof *lengths));
  for (char *line = strtok(patterns.bytes, "\n"); line; line = strtok(NULL, "\n")) {
    sources[count] = line;
    flags[count] = HS_FLAG_SINGLEMATCH;
    ids[count] = count;
    lengths[count++] = strlen(line);
  }
  hs_database_t *database = NULL;
  hs_compile_error_t *error = NULL;
  hs_error_t code =
      strcmp(kind, "literals") == 0
          ? hs_compile_lit_multi(sources, flags, ids, lengths, count, HS_MODE_BLOCK, NULL, &database, &error)
          : hs_compile_multi(sources, flags, ids, count, HS_MODE_BLOCK, NULL, &database, &error);
  if (code != HS_SUCCESS) fail(error ? error->message : "the patterns don't compile");
  return database;
}

static int found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *count) {
  (void)id, (void)from, (void)to, (void)flags;
  ++*(unsigned *)count;
  return 0;
}

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char **arguments) {
  if (count < 4) fail("too few arguments");
  hs_database_t *database = compile(arguments[1], read_file(arguments[2]));
  hs_scratch_t *scratch = NULL;
  if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) fail("no scratch space");
  int texts = count - 3, which;
  struct text *text = checked(calloc((size_t)texts, sizeof *text));
  for (int at = 0; at < texts; at++) text[at] = read_file(arguments[at + 3]);
  unsigned times;
  while (scanf("%d %u", &which, &times) == 2) {
    if (which < 0 || which >= texts) fail("there is no such text");
    unsigned matches = 0;
    long long begun = now();
    for (unsigned time = 0; time < times; time++) {
      matches = 0;
      if (hs_scan(database, text[which].bytes, (unsigned)text[which].length, 0, scratch, found, &matches) != HS_SUCCESS)
        fail("a scan failed");
    }
    printf("%lld %u\n", now() - begun, matches);
    fflush(stdout);
  }
  return 0;
}
