// SPDX-License-Identifier: Apache-2.0
// malloc_trim(3) and mallopt(3), which Swift's Glibc module leaves out.
#ifdef __linux__
#include <malloc.h>
#endif
