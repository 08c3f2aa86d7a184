/* A stand-in for cuDNN, for tests: a libcudnn.so.8 that reports a version and can do nothing else.
 *
 * VERSION is that of cudnn_version.h: 8600 is 8.6.0.
 */
#include <stddef.h>

size_t cudnnGetVersion(void);

size_t cudnnGetVersion(void) { return VERSION; }
