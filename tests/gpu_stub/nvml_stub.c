/* A stub of NVIDIA's management library for tests: NVML's functions, answered from a script.
 *
 * README.md beside this file describes the script. Signatures and return codes are those of
 * https://docs.nvidia.com/deploy/nvml-api/ as nvidia-ml-py3 7.352.0 calls them. Nothing newer than
 * glibc 2.28 is used, so that a library built on the host runs in an image of an older Debian.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_GPUS 16
#define MAX_STEPS 64
#define MAX_ERRORS 32
#define SUCCESS 0
#define UNINITIALIZED 1
#define INVALID_ARGUMENT 2
#define NOT_SUPPORTED 3
#define NOT_FOUND 6
#define INSUFFICIENT_SIZE 7
#define ERROR_UNKNOWN 999
#pragma GCC diagnostic ignored "-Wstringop-truncation"
#define COPY(to, from) (strncpy(to, from, sizeof to - 1), (to)[sizeof to - 1] = 0)
#define SCRIPT_DEFAULT "/etc/benchdl-gpu-stub"

typedef struct { int count, per_read, reads; double t[MAX_STEPS], value[MAX_STEPS]; } trace_t;
typedef struct { char function[64]; double from; int code; } error_t;
typedef struct { double from; int count; unsigned pid[8]; unsigned long long bytes[8]; } crowd_t;
typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned gpu, memory; } utilization_t;
typedef struct { unsigned pid; unsigned long long bytes; } process_t;

enum { UTIL, MEMORY, POWER, TEMPERATURE, CLOCK, CLOCK_MAX, THROTTLE, ENERGY, TRACES };
static const char *const TRACE_NAMES[TRACES] = {
  "util", "memory_mib", "power_w", "temperature_c", "sm_clock_mhz", "sm_clock_max_mhz",
  "throttle", "energy_j",
};
static const double TRACE_DEFAULTS[TRACES] = {0, 3, 60, 40, 875, 875, 0, -1};

typedef struct {
  int number;
  char name[64], uuid[80];
  int major, minor;
  double total_mib;
  trace_t traces[TRACES];
  int crowds, errors;
  crowd_t crowd[MAX_STEPS];
  error_t error[MAX_ERRORS];
} gpu_t;

static gpu_t gpus[MAX_GPUS];
static int count, ready, errors;
static error_t error[MAX_ERRORS];
static char driver[64] = "535.161.08", cuda[16] = "12.2", clock_file[256], given[1024], visible[1024];
static double started;

static double now_on(clockid_t id) {
  struct timespec moment;
  clock_gettime(id, &moment);
  return moment.tv_sec + moment.tv_nsec / 1e9;
}

/* Seconds since this process's first nvmlInit, or since the clock file appeared (before: -1). */
static double now(void) {
  struct statx facts;
  if (!clock_file[0]) return now_on(CLOCK_MONOTONIC) - started;
  if (statx(AT_FDCWD, clock_file, 0, STATX_MTIME, &facts)) return -1;
  double t = now_on(CLOCK_REALTIME) - facts.stx_mtime.tv_sec - facts.stx_mtime.tv_nsec / 1e9;
  return t < 0 ? 0 : t;
}

static void set_constant(trace_t *trace, double value) {
  *trace = (trace_t){.count = 1, .t = {-1e9}, .value = {value}};
}

/* "63", "0:100 1.5:1500" (from second on) or "@ 0 90 90" (one value a reading, then again). */
static void parse_trace(trace_t *trace, char *text) {
  char *rest = NULL, *word = strtok_r(text, " \t", &rest);
  memset(trace, 0, sizeof *trace);
  if (word && !strcmp(word, "@")) { trace->per_read = 1; word = strtok_r(NULL, " \t", &rest); }
  for (; word && trace->count < MAX_STEPS; word = strtok_r(NULL, " \t", &rest)) {
    char *colon = strchr(word, ':');
    trace->t[trace->count] = colon ? atof(word) : -1e9;
    trace->value[trace->count++] = strtod(colon ? colon + 1 : word, NULL); /* also 0x... */
  }
}

static double value(trace_t *trace) {
  double t = now(), found = trace->count ? trace->value[0] : 0;
  if (trace->per_read && trace->count) return trace->value[trace->reads++ % trace->count];
  for (int i = 0; i < trace->count; i++) if (t >= trace->t[i]) found = trace->value[i];
  return found;
}

/* "2:4242/500,77/100 5:-": at second 2 two processes (PID/MiB), at second 5 none. */
static void parse_crowd(gpu_t *gpu, char *text) {
  char *rest = NULL;
  gpu->crowds = 0;
  for (char *w = strtok_r(text, " \t", &rest); w && gpu->crowds < MAX_STEPS;
       w = strtok_r(NULL, " \t", &rest)) {
    crowd_t *crowd = &gpu->crowd[gpu->crowds++];
    char *colon = strchr(w, ':'), *inner = NULL;
    memset(crowd, 0, sizeof *crowd);
    crowd->from = colon ? atof(w) : -1e9;
    for (char *p = strtok_r(colon ? colon + 1 : w, ",", &inner); p && *p != '-' && crowd->count < 8;
         p = strtok_r(NULL, ",", &inner)) {
      char *slash = strchr(p, '/');
      crowd->pid[crowd->count] = strtoul(p, NULL, 10);
      crowd->bytes[crowd->count++] = slash ? (unsigned long long)(atof(slash + 1) * 1048576) : 0;
    }
  }
}

static void parse_error(error_t *list, int *length, const char *text) {
  error_t made = {.from = -1e9, .code = ERROR_UNKNOWN};
  if (*length < MAX_ERRORS && sscanf(text, "%63s %lf %d", made.function, &made.from, &made.code) > 1)
    list[(*length)++] = made;
}

static void add_gpu(void) {
  if (count == MAX_GPUS) return;
  gpu_t *gpu = &gpus[count];
  memset(gpu, 0, sizeof *gpu);
  gpu->number = count;
  strcpy(gpu->name, "Tesla K80");
  snprintf(gpu->uuid, sizeof gpu->uuid, "GPU-%08x-57ab-57ab-57ab-57ab57ab57ab", count);
  gpu->major = 3, gpu->minor = 7, gpu->total_mib = 11441;
  for (int i = 0; i < TRACES; i++) set_constant(&gpu->traces[i], TRACE_DEFAULTS[i]);
  count++;
}

static void set_gpu(gpu_t *gpu, const char *key, const char *given) {
  char text[1024];
  COPY(text, given);
  if (!strcmp(key, "name")) COPY(gpu->name, text);
  else if (!strcmp(key, "uuid")) COPY(gpu->uuid, text);
  else if (!strcmp(key, "memory_total_mib")) gpu->total_mib = atof(text);
  else if (!strcmp(key, "compute_capability")) sscanf(text, "%d.%d", &gpu->major, &gpu->minor);
  else if (!strcmp(key, "processes")) parse_crowd(gpu, text);
  else if (!strcmp(key, "error")) parse_error(gpu->error, &gpu->errors, text);
  else {
    for (int i = 0; i < TRACES; i++)
      if (!strcmp(key, TRACE_NAMES[i])) { parse_trace(&gpu->traces[i], text); return; }
    fprintf(stderr, "gpu stub: unknown key '%s'\n", key);
    exit(70); /* a mistyped script must not pass for one without the line */
  }
}

/* The GPUs whose device files are there, as a list: all that CDI changes from one to another. */
static void list_devices(char *list, size_t size) {
  char path[32], *end = list;
  for (int i = 0; i < count; i++) {
    snprintf(path, sizeof path, "/dev/nvidia%d", i);
    if (!access(path, F_OK)) end += snprintf(end, size - (end - list), "%d,", i);
  }
  if (end == list) strcpy(list, ","); /* none, which is not the same as no list */
}

/* Keeps the GPUs of a list ("0,2", UUIDs, "all" or "devices") and numbers them from 0. */
static void keep(char *visible, size_t size) {
  int kept = 0;
  char *rest = NULL;
  static gpu_t chosen[MAX_GPUS];
  if (!visible[0] || !strcmp(visible, "all")) return;
  if (!strcmp(visible, "devices")) list_devices(visible, size);
  for (char *w = strtok_r(visible, ",", &rest); w; w = strtok_r(NULL, ",", &rest))
    for (int i = 0; i < count && kept < MAX_GPUS; i++)
      if (!strcmp(w, gpus[i].uuid) || (strspn(w, "0123456789") == strlen(w) && atoi(w) == i))
        chosen[kept++] = gpus[i];
  memcpy(gpus, chosen, sizeof gpus);
  count = kept;
}

static void read_script(void) {
  const char *path = getenv("BENCHDL_STUB_SCRIPT");
  FILE *file = fopen(path ? path : SCRIPT_DEFAULT, "r");
  char line[1024];
  int first = -1, last = -1; /* the GPUs that a line is about; -1: the machine */
  if (!file) { fprintf(stderr, "gpu stub: no script\n"); exit(70); }
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "#\n")] = 0;
    char key[64], text[960] = "";
    if (sscanf(line, " [gpu %d]", &first) == 1) {
      while (count <= first && count < MAX_GPUS) add_gpu();
      last = first;
    } else if (strstr(line, "[gpu *]")) {
      first = 0, last = count - 1;
    } else if (strstr(line, "[machine]")) {
      first = -1;
    } else if (sscanf(line, " %63[a-z_] = %959[^\n]", key, text) >= 1) {
      for (size_t n = strlen(text); n && (text[n - 1] == ' ' || text[n - 1] == '\t');) text[--n] = 0;
      if (first >= 0) for (int i = first; i <= last; i++) set_gpu(&gpus[i], key, text);
      else if (!strcmp(key, "gpus")) for (int n = atoi(text); count < n && count < MAX_GPUS;) add_gpu();
      else if (!strcmp(key, "driver")) COPY(driver, text);
      else if (!strcmp(key, "cuda")) COPY(cuda, text);
      else if (!strcmp(key, "clock_file")) COPY(clock_file, text);
      else if (!strcmp(key, "given")) COPY(given, text);
      else if (!strcmp(key, "visible")) COPY(visible, text);
      else if (!strcmp(key, "error")) parse_error(error, &errors, text);
      else { fprintf(stderr, "gpu stub: unknown key '%s'\n", key); exit(70); }
    } else if (strspn(line, " \t") != strlen(line)) {
      fprintf(stderr, "gpu stub: cannot read '%s'\n", line);
      exit(70);
    }
  }
  fclose(file);
  keep(given, sizeof given);
  keep(visible, sizeof visible);
}

static int failing(const error_t *list, int length, const char *function) {
  double t = now();
  for (int i = 0; i < length; i++)
    if (t >= list[i].from && (!strcmp(list[i].function, "*") || !strcmp(list[i].function, function)))
      return list[i].code;
  return SUCCESS;
}

#define CHECK() do { int c_ = ready ? failing(error, errors, __func__) : UNINITIALIZED; \
  if (c_) return c_; } while (0)
#define CHECK_GPU(handle) gpu_t *gpu = (handle); CHECK(); do { \
  if (gpu < gpus || gpu >= gpus + count) return INVALID_ARGUMENT; \
  int c_ = failing(gpu->error, gpu->errors, __func__); if (c_) return c_; } while (0)

int nvmlInit_v2(void) {
  if (!started) { started = now_on(CLOCK_MONOTONIC); read_script(); }
  ready = 1;
  int code = failing(error, errors, "nvmlInit");
  if (code) ready = 0;
  return code;
}
int nvmlInit(void) { return nvmlInit_v2(); }
int nvmlInitWithFlags(unsigned flags) { (void)flags; return nvmlInit_v2(); }
int nvmlShutdown(void) { ready = 0; return SUCCESS; }

const char *nvmlErrorString(int code) {
  switch (code) { /* the real library's own words */
  case 0: return "The operation was successful";
  case 1: return "Uninitialized";
  case 2: return "Invalid argument";
  case 3: return "Not supported";
  case 4: return "Insufficient permissions";
  case 6: return "Not found";
  case 7: return "Insufficient Size";
  case 9: return "Driver Not Loaded";
  case 10: return "Timeout";
  case 12: return "NVML shared library not found";
  case 13: return "Function Not Found";
  case 15: return "GPU is lost";
  case 17: return "Operating System Error";
  case 18: return "Driver/library version mismatch";
  default: return "Unknown Error";
  }
}

static int put(char *out, unsigned length, const char *text) {
  if (strlen(text) >= length) return INSUFFICIENT_SIZE;
  strcpy(out, text);
  return SUCCESS;
}

int nvmlSystemGetDriverVersion(char *out, unsigned length) { CHECK(); return put(out, length, driver); }
int nvmlSystemGetNVMLVersion(char *out, unsigned length) { CHECK(); return put(out, length, driver); }
int nvmlSystemGetCudaDriverVersion(int *version) {
  int major = 0, minor = 0;
  CHECK();
  sscanf(cuda, "%d.%d", &major, &minor);
  *version = major * 1000 + minor * 10;
  return SUCCESS;
}
int nvmlSystemGetCudaDriverVersion_v2(int *version) { return nvmlSystemGetCudaDriverVersion(version); }

int nvmlDeviceGetCount_v2(unsigned *out) { CHECK(); *out = count; return SUCCESS; }
int nvmlDeviceGetCount(unsigned *out) { return nvmlDeviceGetCount_v2(out); }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **out) {
  CHECK();
  if (index >= (unsigned)count) return INVALID_ARGUMENT;
  *out = &gpus[index];
  return SUCCESS;
}
int nvmlDeviceGetHandleByIndex(unsigned index, void **out) { return nvmlDeviceGetHandleByIndex_v2(index, out); }
int nvmlDeviceGetHandleByUUID(const char *uuid, void **out) {
  CHECK();
  for (int i = 0; i < count; i++)
    if (!strcmp(gpus[i].uuid, uuid)) { *out = &gpus[i]; return SUCCESS; }
  return NOT_FOUND;
}
int nvmlDeviceGetIndex(void *h, unsigned *out) { CHECK_GPU(h); *out = gpu - gpus; return SUCCESS; }
int nvmlDeviceGetMinorNumber(void *h, unsigned *out) { CHECK_GPU(h); *out = gpu->number; return SUCCESS; }
int nvmlDeviceGetName(void *h, char *out, unsigned length) { CHECK_GPU(h); return put(out, length, gpu->name); }
int nvmlDeviceGetUUID(void *h, char *out, unsigned length) { CHECK_GPU(h); return put(out, length, gpu->uuid); }
int nvmlDeviceGetCudaComputeCapability(void *h, int *major, int *minor) {
  CHECK_GPU(h);
  *major = gpu->major, *minor = gpu->minor;
  return SUCCESS;
}
int nvmlDeviceGetMigMode(void *h, unsigned *current, unsigned *pending) {
  CHECK_GPU(h);
  (void)current, (void)pending;
  return NOT_SUPPORTED;
}
int nvmlDeviceGetMemoryInfo(void *h, memory_t *out) {
  CHECK_GPU(h);
  out->total = (unsigned long long)(gpu->total_mib * 1048576);
  out->used = (unsigned long long)(value(&gpu->traces[MEMORY]) * 1048576);
  out->free = out->total - out->used;
  return SUCCESS;
}
int nvmlDeviceGetUtilizationRates(void *h, utilization_t *out) {
  CHECK_GPU(h);
  out->gpu = (unsigned)value(&gpu->traces[UTIL]);
  out->memory = out->gpu / 2;
  return SUCCESS;
}
int nvmlDeviceGetPowerUsage(void *h, unsigned *out) {
  CHECK_GPU(h);
  *out = (unsigned)(value(&gpu->traces[POWER]) * 1000);
  return SUCCESS;
}
int nvmlDeviceGetTemperature(void *h, int sensor, unsigned *out) {
  CHECK_GPU(h);
  if (sensor) return INVALID_ARGUMENT;
  *out = (unsigned)value(&gpu->traces[TEMPERATURE]);
  return SUCCESS;
}
/* Every clock domain shows the SM clock; the memory's is not scripted. */
int nvmlDeviceGetClockInfo(void *h, int type, unsigned *out) {
  CHECK_GPU(h);
  if (type < 0 || type > 3) return INVALID_ARGUMENT;
  *out = (unsigned)value(&gpu->traces[CLOCK]);
  return SUCCESS;
}
int nvmlDeviceGetMaxClockInfo(void *h, int type, unsigned *out) {
  CHECK_GPU(h);
  if (type < 0 || type > 3) return INVALID_ARGUMENT;
  *out = (unsigned)value(&gpu->traces[CLOCK_MAX]);
  return SUCCESS;
}
int nvmlDeviceGetCurrentClocksThrottleReasons(void *h, unsigned long long *out) {
  CHECK_GPU(h);
  *out = (unsigned long long)value(&gpu->traces[THROTTLE]);
  return SUCCESS;
}
int nvmlDeviceGetSupportedClocksThrottleReasons(void *h, unsigned long long *out) {
  CHECK_GPU(h);
  *out = 0x1ff;
  return SUCCESS;
}
/* Without a script of its own the counter is the integral of the power trace (its steps by time;
 * a negative start counts from -1). Millijoules, as the real one. */
int nvmlDeviceGetTotalEnergyConsumption(void *h, unsigned long long *out) {
  CHECK_GPU(h);
  double scripted = value(&gpu->traces[ENERGY]), joules = 1e6, t = now();
  trace_t *power = &gpu->traces[POWER];
  for (int i = 0; i < power->count; i++) {
    double from = power->t[i] < -1 ? -1 : power->t[i];
    double to = i + 1 < power->count ? power->t[i + 1] : t;
    if (to > t) to = t;
    if (to > from) joules += power->value[i] * (to - from);
  }
  *out = (unsigned long long)((scripted >= 0 ? scripted : joules) * 1000);
  return SUCCESS;
}
int nvmlDeviceGetComputeRunningProcesses(void *h, unsigned *length, process_t *out) {
  CHECK_GPU(h);
  const crowd_t *crowd = NULL;
  double t = now();
  for (int i = 0; i < gpu->crowds; i++) if (t >= gpu->crowd[i].from) crowd = &gpu->crowd[i];
  unsigned there = crowd ? crowd->count : 0, room = *length;
  *length = there;
  if (there > room || (there && !out)) return INSUFFICIENT_SIZE;
  for (unsigned i = 0; i < there; i++) out[i] = (process_t){crowd->pid[i], crowd->bytes[i]};
  return SUCCESS;
}
