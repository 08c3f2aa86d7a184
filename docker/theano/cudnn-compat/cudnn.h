/* cudnn.h for Theano 1.0.5 on cuDNN 8 and later: the real header, and what Theano misses in it.
 *
 * Theano was written for cuDNN 5 to 7. Of what it uses, cuDNN 8 removed four functions and three
 * enums; this file writes them again over what took their place. It stands before the real header
 * on the include path (dnn.include_path, set by runner/backends/theano.py), and its name is the
 * real one's because that is what Theano includes. Meanings are those of the cuDNN 7.6 API guide.
 */
#ifndef BENCHDL_CUDNN_COMPAT_H
#define BENCHDL_CUDNN_COMPAT_H

#include_next <cudnn.h> /* whatever version: the next one on the path */

#if CUDNN_MAJOR >= 8

/* Removed: how much memory a chosen algorithm may take. The numbers are cuDNN 7's. */
typedef enum {
    CUDNN_CONVOLUTION_FWD_NO_WORKSPACE = 0,
    CUDNN_CONVOLUTION_FWD_PREFER_FASTEST = 1,
    CUDNN_CONVOLUTION_FWD_SPECIFY_WORKSPACE_LIMIT = 2
} cudnnConvolutionFwdPreference_t;

typedef enum {
    CUDNN_CONVOLUTION_BWD_DATA_NO_WORKSPACE = 0,
    CUDNN_CONVOLUTION_BWD_DATA_PREFER_FASTEST = 1,
    CUDNN_CONVOLUTION_BWD_DATA_SPECIFY_WORKSPACE_LIMIT = 2
} cudnnConvolutionBwdDataPreference_t;

typedef enum {
    CUDNN_CONVOLUTION_BWD_FILTER_NO_WORKSPACE = 0,
    CUDNN_CONVOLUTION_BWD_FILTER_PREFER_FASTEST = 1,
    CUDNN_CONVOLUTION_BWD_FILTER_SPECIFY_WORKSPACE_LIMIT = 2
} cudnnConvolutionBwdFilterPreference_t;

/* cudnnGetConvolution*Algorithm(): removed. It gave the one algorithm that heuristics hold for the
 * fastest within a memory limit. Its successor, ..._v7(), gives all of them, fastest first, each
 * with a status, its memory and the math type that its place in the list holds for. So: the first
 * that can run and fits, of the convolution's own math type, since the caller of the old function
 * is never told to change that one; of any math type, if there is none. cuDNN 7 answered
 * NOT_SUPPORTED likewise where nothing fits.
 *
 * The list has each algorithm once per math type that it knows; cuDNN 8 has four of them.
 */
#define BENCHDL_GET_ALGORITHM(NAME, PREFIX, COUNT, KIND, INPUT1, INPUT2, OUTPUT)                   \
    static inline cudnnStatus_t cudnnGetConvolution##NAME##Algorithm(                              \
        cudnnHandle_t handle, const INPUT1 input1, const INPUT2 input2,                            \
        const cudnnConvolutionDescriptor_t convolution, const OUTPUT output,                       \
        cudnnConvolution##KIND##Preference_t preference, size_t limit_bytes,                       \
        cudnnConvolution##KIND##Algo_t *chosen)                                                    \
    {                                                                                              \
        cudnnConvolution##KIND##AlgoPerf_t found[4 * COUNT];                                       \
        cudnnMathType_t math;                                                                      \
        cudnnStatus_t status;                                                                      \
        int count = 0, any_math, i;                                                                \
        if (chosen == NULL)                                                                        \
            return CUDNN_STATUS_BAD_PARAM;                                                         \
        status = cudnnGetConvolutionMathType(convolution, &math);                                  \
        if (status != CUDNN_STATUS_SUCCESS)                                                        \
            return status;                                                                         \
        status = cudnnGetConvolution##NAME##Algorithm_v7(handle, input1, input2, convolution,      \
                                                         output, 4 * COUNT, &count, found);        \
        if (status != CUDNN_STATUS_SUCCESS)                                                        \
            return status;                                                                         \
        if (preference == PREFIX##_NO_WORKSPACE)                                                   \
            limit_bytes = 0;                                                                       \
        for (any_math = 0; any_math < 2; any_math++) {                                             \
            for (i = 0; i < count; i++) {                                                          \
                if (found[i].status != CUDNN_STATUS_SUCCESS)                                       \
                    continue;                                                                      \
                if (preference != PREFIX##_PREFER_FASTEST && found[i].memory > limit_bytes)        \
                    continue;                                                                      \
                if (!any_math && found[i].mathType != math)                                        \
                    continue;                                                                      \
                *chosen = found[i].algo;                                                           \
                return CUDNN_STATUS_SUCCESS;                                                       \
            }                                                                                      \
        }                                                                                          \
        return CUDNN_STATUS_NOT_SUPPORTED;                                                         \
    }

BENCHDL_GET_ALGORITHM(Forward, CUDNN_CONVOLUTION_FWD, CUDNN_CONVOLUTION_FWD_ALGO_COUNT, Fwd,
                      cudnnTensorDescriptor_t, cudnnFilterDescriptor_t, cudnnTensorDescriptor_t)
BENCHDL_GET_ALGORITHM(BackwardData, CUDNN_CONVOLUTION_BWD_DATA,
                      CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT, BwdData, cudnnFilterDescriptor_t,
                      cudnnTensorDescriptor_t, cudnnTensorDescriptor_t)
BENCHDL_GET_ALGORITHM(BackwardFilter, CUDNN_CONVOLUTION_BWD_FILTER,
                      CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT, BwdFilter, cudnnTensorDescriptor_t,
                      cudnnTensorDescriptor_t, cudnnFilterDescriptor_t)

#undef BENCHDL_GET_ALGORITHM

/* Removed in 8 under this name; _v6 has cuDNN 7's arguments. cuDNN 9 has neither: there Theano's
 * recurrent layers do not compile, and nothing else is lost. A macro, so that none pays who has
 * no recurrent layer: a function would call what is marked as deprecated. */
#if CUDNN_MAJOR == 8
#define cudnnSetRNNDescriptor cudnnSetRNNDescriptor_v6
#endif

#endif /* CUDNN_MAJOR >= 8 */
#endif /* BENCHDL_CUDNN_COMPAT_H */
