/* A stand-in for the CUDA driver and cuBLAS, for tests only: no GPU, no arithmetic.
 *
 * It has what libgpuarray 0.7.6 looks up by name, so that Theano makes a context and compiles its
 * graphs where there is no GPU. "Device" memory is the host's and copies are real; kernels and BLAS
 * calls do nothing. It does not come near a number: nothing that it "computes" may be looked at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOTAL_BYTES ((size_t)1 << 30)
#define CALL(name) int name

static size_t taken;

typedef struct {
    size_t bytes, pad;
} Block;

static int allocate(void **pointer, size_t bytes)
{
    Block *block;
    if (taken + bytes > TOTAL_BYTES)
        return 2; /* CUDA_ERROR_OUT_OF_MEMORY */
    block = calloc(1, sizeof(Block) + bytes);
    if (block == NULL)
        return 2;
    block->bytes = bytes;
    taken += bytes;
    *pointer = block + 1;
    return 0;
}

static int release(void *pointer)
{
    if (pointer != NULL) {
        Block *block = (Block *)pointer - 1;
        taken -= block->bytes;
        free(block);
    }
    return 0;
}

static int something(void **handle) /* a handle that is never looked into */
{
    static char thing;
    *handle = &thing;
    return 0;
}

CALL(cuInit)(int flags) { return 0; }
CALL(cuDriverGetVersion)(int *version) { *version = 11080; return 0; }
CALL(cuGetErrorName)(int error, const char **text) { *text = "stand-in"; return 0; }
CALL(cuGetErrorString)(int error, const char **text) { *text = "stand-in"; return 0; }

CALL(cuDeviceGet)(int *device, int ordinal) { *device = ordinal; return ordinal ? 101 : 0; }
CALL(cuDeviceGetCount)(int *count) { *count = 1; return 0; }
CALL(cuDeviceGetName)(char *name, int size, int device)
{
    snprintf(name, size, "stand-in, no GPU");
    return 0;
}
CALL(cuDeviceGetPCIBusId)(char *name, int size, int device)
{
    snprintf(name, size, "0000:00:00.0");
    return 0;
}
CALL(cuDeviceGetAttribute)(int *value, int attribute, int device)
{
    switch (attribute) { /* cuda.h, CUdevice_attribute */
    case 75: *value = 7; break;                /* compute capability, major */
    case 76: *value = 0; break;                /* and minor */
    case 1: case 2: case 3: *value = 1024; break; /* threads of a block, by dimension */
    case 4: *value = 64; break;
    case 5: *value = 2147483647; break;        /* blocks of a grid */
    case 6: case 7: *value = 65535; break;
    case 8: *value = 49152; break;             /* shared memory of a block */
    case 10: *value = 32; break;               /* warp */
    case 14: *value = 512; break;              /* alignment of textures */
    case 16: *value = 80; break;               /* multiprocessors */
    default: *value = 1;
    }
    return 0;
}

CALL(cuDevicePrimaryCtxGetState)(int device, unsigned *flags, int *active)
{
    *flags = 0;
    *active = 0;
    return 0;
}
CALL(cuDevicePrimaryCtxSetFlags)(int device, unsigned flags) { return 0; }
CALL(cuDevicePrimaryCtxRelease)(int device) { return 0; }
CALL(cuDevicePrimaryCtxRetain)(void **context, int device) { return something(context); }
CALL(cuCtxGetDevice)(int *device) { *device = 0; return 0; }
CALL(cuCtxPushCurrent_v2)(void *context) { return 0; }
CALL(cuCtxPopCurrent_v2)(void **context) { return context ? something(context) : 0; }

CALL(cuLinkCreate)(unsigned n, void *options, void **values, void **state)
{
    return something(state);
}
CALL(cuLinkAddData)(void *state, int type, void *data, size_t size, const char *name, unsigned n,
                    void *options, void **values)
{
    return 0;
}
CALL(cuLinkComplete)(void *state, void **cubin, size_t *size)
{
    static char image[8] = "nothing";
    *cubin = image;
    *size = sizeof image;
    return 0;
}
CALL(cuLinkDestroy)(void *state) { return 0; }
CALL(cuModuleLoadData)(void **module, const void *image) { return something(module); }
CALL(cuModuleLoadDataEx)(void **module, const void *image, unsigned n, void *options, void **values)
{
    return something(module);
}
CALL(cuModuleUnload)(void *module) { return 0; }
CALL(cuModuleGetFunction)(void **function, void *module, const char *name)
{
    return something(function);
}
CALL(cuFuncGetAttribute)(int *value, int attribute, void *function) { *value = 1024; return 0; }
CALL(cuLaunchKernel)(void *function) { return 0; }

CALL(cuMemGetInfo_v2)(size_t *free_bytes, size_t *total)
{
    *total = TOTAL_BYTES;
    *free_bytes = TOTAL_BYTES - taken;
    return 0;
}
CALL(cuMemAlloc_v2)(void **pointer, size_t bytes) { return allocate(pointer, bytes); }
CALL(cuMemFree_v2)(void *pointer) { return release(pointer); }
CALL(cuMemAllocManaged)(void **pointer, size_t n, unsigned f) { return allocate(pointer, n); }
CALL(cuMemAllocHost_v2)(void **pointer, size_t n) { *pointer = calloc(1, n); return 0; }
CALL(cuMemFreeHost)(void *pointer) { free(pointer); return 0; }
CALL(cuMemcpyHtoD_v2)(void *to, const void *from, size_t n) { memcpy(to, from, n); return 0; }
CALL(cuMemcpyHtoDAsync_v2)(void *to, const void *from, size_t n, void *stream)
{
    memcpy(to, from, n);
    return 0;
}
CALL(cuMemcpyDtoHAsync_v2)(void *to, void *from, size_t n, void *stream)
{
    memcpy(to, from, n);
    return 0;
}
CALL(cuMemcpyDtoDAsync_v2)(void *to, void *from, size_t n, void *stream)
{
    memmove(to, from, n);
    return 0;
}
CALL(cuMemcpyPeerAsync)(void *to, void *c1, void *from, void *c2, size_t n, void *stream)
{
    memmove(to, from, n);
    return 0;
}
CALL(cuMemsetD8Async)(void *to, unsigned char byte, size_t n, void *stream)
{
    memset(to, byte, n);
    return 0;
}

CALL(cuEventCreate)(void **event, unsigned flags) { return something(event); }
CALL(cuEventRecord)(void *event, void *stream) { return 0; }
CALL(cuEventSynchronize)(void *event) { return 0; }
CALL(cuEventDestroy_v2)(void *event) { return 0; }
CALL(cuStreamCreate)(void **stream, unsigned flags) { return something(stream); }
CALL(cuStreamWaitEvent)(void *stream, void *event, unsigned flags) { return 0; }
CALL(cuStreamSynchronize)(void *stream) { return 0; }
CALL(cuStreamDestroy_v2)(void *stream) { return 0; }
CALL(cuIpcGetMemHandle)(void *handle, void *pointer) { return 1; }
CALL(cuIpcOpenMemHandle)(void **pointer) { return 1; }
CALL(cuIpcCloseMemHandle)(void *pointer) { return 1; }

CALL(cublasCreate_v2)(void **handle) { return something(handle); }
CALL(cublasGetPointerMode_v2)(void *handle, int *mode) { *mode = 0; return 0; }
#define NOTHING(name) CALL(name)(void) { return 0; }
NOTHING(cublasDestroy_v2)
NOTHING(cublasSetStream_v2)
NOTHING(cublasSetPointerMode_v2)
NOTHING(cublasSetAtomicsMode)
NOTHING(cublasSdot_v2)
NOTHING(cublasDdot_v2)
NOTHING(cublasSgemm_v2)
NOTHING(cublasDgemm_v2)
NOTHING(cublasSgemv_v2)
NOTHING(cublasDgemv_v2)
NOTHING(cublasSger_v2)
NOTHING(cublasDger_v2)
NOTHING(cublasSgemmBatched)
NOTHING(cublasDgemmBatched)
