// SPDX-License-Identifier: Apache-2.0
// The parts of OpenSSL 3's libcrypto that the signing path uses.
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
