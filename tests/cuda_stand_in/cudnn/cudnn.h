/* A stand-in for the parts of cuDNN 8 that our compatibility header needs; the lists of algorithms
 * are a test's (select.cpp). */
#ifndef CUDNN_STAND_IN_H
#define CUDNN_STAND_IN_H
#include <stddef.h>
#define CUDNN_MAJOR 8

typedef enum { CUDNN_STATUS_SUCCESS, CUDNN_STATUS_BAD_PARAM = 3, CUDNN_STATUS_NOT_SUPPORTED = 9 } cudnnStatus_t;
typedef enum { CUDNN_DEFAULT_MATH, CUDNN_TENSOR_OP_MATH } cudnnMathType_t;
typedef void *cudnnHandle_t, *cudnnTensorDescriptor_t, *cudnnFilterDescriptor_t;
typedef void *cudnnConvolutionDescriptor_t;

cudnnStatus_t cudnnGetConvolutionMathType(cudnnConvolutionDescriptor_t, cudnnMathType_t *);

#define DIRECTION(NAME, KIND, COUNT, IN1, IN2, OUT)                                            \
    typedef int cudnnConvolution##KIND##Algo_t;                                                \
    typedef struct {                                                                           \
        cudnnConvolution##KIND##Algo_t algo;                                                   \
        cudnnStatus_t status;                                                                  \
        size_t memory;                                                                         \
        cudnnMathType_t mathType;                                                              \
    } cudnnConvolution##KIND##AlgoPerf_t;                                                      \
    cudnnStatus_t cudnnGetConvolution##NAME##Algorithm_v7(                                     \
        cudnnHandle_t, const IN1, const IN2, const cudnnConvolutionDescriptor_t, const OUT,    \
        const int requested, int *returned, cudnnConvolution##KIND##AlgoPerf_t *);

enum { CUDNN_CONVOLUTION_FWD_ALGO_COUNT = 8 };
enum { CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT = 6 };
enum { CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT = 7 };
DIRECTION(Forward, Fwd, 8, cudnnTensorDescriptor_t, cudnnFilterDescriptor_t, cudnnTensorDescriptor_t)
DIRECTION(BackwardData, BwdData, 6, cudnnFilterDescriptor_t, cudnnTensorDescriptor_t, cudnnTensorDescriptor_t)
DIRECTION(BackwardFilter, BwdFilter, 7, cudnnTensorDescriptor_t, cudnnTensorDescriptor_t, cudnnFilterDescriptor_t)
#endif
