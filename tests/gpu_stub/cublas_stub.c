/* A stand-in for the CUDA driver and cuBLAS, for tests: one GPU whose every product takes 2 ms.
 *
 * Compiled twice: as libcuda.so.1 and as libcublas.so.13. "Device" memory is the host's. The types
 * of matrices and sums are written to the file $BENCHDL_STUB_MATH_MODE.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FREE_BYTES ((size_t)100 << 20) /* three matrices of 2048 x 2048 in half of it */

int cuInit(unsigned flags) { return 0; }
int cuDeviceGetCount(int *count) { *count = 1; return 0; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return 0; }
int cuDeviceGetUuid(unsigned char *uuid, int device) { memset(uuid, 0xab, 16); return 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { *context = stderr; return 0; }
int cuCtxSetCurrent(void *context) { return context != stderr; }
int cuCtxSynchronize(void) { return 0; }
int cuMemGetInfo_v2(size_t *free_bytes, size_t *total)
{
    *free_bytes = *total = FREE_BYTES;
    return 0;
}
int cuMemAlloc_v2(void **pointer, size_t bytes) { return (*pointer = malloc(bytes)) == NULL; }
int cuMemcpyHtoD_v2(void *to, const void *from, size_t bytes) { memcpy(to, from, bytes); return 0; }

int cublasCreate_v2(void **handle) { *handle = stderr; return 0; }

static float value(const void *matrix, int type, size_t number)
{
    unsigned short half = ((const unsigned short *)matrix)[number];
    unsigned wide = (unsigned)half << 16;
    float found;
    if (type == 0)
        return ((const float *)matrix)[number];
    if (type == 2) { /* float16: its exponent has a bias of 15, float32's of 127 */
        wide = (half & 0x8000u) << 16 | ((half & 0x7fffu) << 13) + ((127u - 15u) << 23);
    }
    memcpy(&found, &wide, sizeof found);
    return found;
}

int cublasGemmEx(void *handle, int ta, int tb, int m, int n, int k, const float *alpha,
                 const void *a, int type, int lda, const void *b, int b_type, int ldb,
                 const float *beta, void *c, int c_type, int ldc, int compute, int algorithm)
{
    struct timespec takes = {0, 2000000};
    int square = m == 2048 && n == m && k == m && lda == m && ldb == m && ldc == m;
    float first = value(a, type, 0), last = value(b, b_type, 2048 * 2048 - 1);
    FILE *file = fopen(getenv("BENCHDL_STUB_MATH_MODE"), "w");
    fprintf(file, "%d %d %.3f", type, compute, first);
    fclose(file);
    if (!square || *alpha != 1.0f || *beta != 0.0f || first == 0.0f || last == 0.0f)
        return 7; /* CUBLAS_STATUS_INVALID_VALUE */
    if (b_type != type || c_type != type || algorithm != -1)
        return 15; /* CUBLAS_STATUS_NOT_SUPPORTED */
    return nanosleep(&takes, NULL);
}
