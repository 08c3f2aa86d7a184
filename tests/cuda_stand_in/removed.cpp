// What Theano 1.0.5 uses of cuDNN and cuDNN 8 removed: fails to compile without our cudnn.h.
#include <cudnn.h>

extern "C" void *const removed[];
void *const removed[] = {
    (void *)cudnnGetConvolutionForwardAlgorithm,
    (void *)cudnnGetConvolutionBackwardDataAlgorithm,
    (void *)cudnnGetConvolutionBackwardFilterAlgorithm,
    (void *)cudnnSetRNNDescriptor,
};
cudnnConvolutionFwdPreference_t forward = CUDNN_CONVOLUTION_FWD_SPECIFY_WORKSPACE_LIMIT;
cudnnConvolutionBwdDataPreference_t data = CUDNN_CONVOLUTION_BWD_DATA_SPECIFY_WORKSPACE_LIMIT;
cudnnConvolutionBwdFilterPreference_t filter = CUDNN_CONVOLUTION_BWD_FILTER_SPECIFY_WORKSPACE_LIMIT;
