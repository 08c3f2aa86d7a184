// select DIRECTION PREFERENCE LIMIT MATH [STATUS:ALGO:MEMORY:MATH]...: which algorithm is chosen
// from this list? Prints the status and the algorithm (-1: none).
#include <cudnn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cudnnMathType_t own_math;
static int entries;
static char **entry;

cudnnStatus_t cudnnGetConvolutionMathType(cudnnConvolutionDescriptor_t, cudnnMathType_t *math)
{
    *math = own_math;
    return CUDNN_STATUS_SUCCESS;
}

template <class Perf> static cudnnStatus_t list(int requested, int *returned, Perf *found)
{
    if (entries == 1 && strcmp(entry[0], "error") == 0)
        return CUDNN_STATUS_BAD_PARAM;
    *returned = entries < requested ? entries : requested;
    for (int i = 0; i < *returned; i++) {
        int status, algo, math;
        sscanf(entry[i], "%d:%d:%zu:%d", &status, &algo, &found[i].memory, &math);
        found[i].status = (cudnnStatus_t)status;
        found[i].algo = algo;
        found[i].mathType = (cudnnMathType_t)math;
    }
    return CUDNN_STATUS_SUCCESS;
}

#define LIST(NAME, KIND)                                                                           \
    cudnnStatus_t cudnnGetConvolution##NAME##Algorithm_v7(                                         \
        cudnnHandle_t, void *const, void *const, void *const, void *const, const int requested,    \
        int *returned, cudnnConvolution##KIND##AlgoPerf_t *found)                                  \
    {                                                                                              \
        return list(requested, returned, found);                                                   \
    }
LIST(Forward, Fwd)
LIST(BackwardData, BwdData)
LIST(BackwardFilter, BwdFilter)

int main(int, char **words)
{
    int preference = atoi(words[2]), algo = -1;
    size_t limit = strtoull(words[3], NULL, 10);
    own_math = (cudnnMathType_t)atoi(words[4]);
    entry = words + 5;
    while (entry[entries] != NULL)
        entries++;
    cudnnStatus_t status;
    if (strcmp(words[1], "forward") == 0)
        status = cudnnGetConvolutionForwardAlgorithm(
            NULL, NULL, NULL, NULL, NULL, (cudnnConvolutionFwdPreference_t)preference, limit, &algo);
    else if (strcmp(words[1], "data") == 0)
        status = cudnnGetConvolutionBackwardDataAlgorithm(
            NULL, NULL, NULL, NULL, NULL, (cudnnConvolutionBwdDataPreference_t)preference, limit,
            &algo);
    else
        status = cudnnGetConvolutionBackwardFilterAlgorithm(
            NULL, NULL, NULL, NULL, NULL, (cudnnConvolutionBwdFilterPreference_t)preference, limit,
            &algo);
    printf("%d %d\n", (int)status, algo);
    return 0;
}
