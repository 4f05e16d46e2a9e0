// SPDX-License-Identifier: Apache-2.0
// The parts of OpenSSL 3's libcrypto used to sign and to verify.
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

// Macros of several parts, which Swift does not import.
static const int COPENSSL_PUBLIC_KEY = EVP_PKEY_PUBLIC_KEY;
static const int COPENSSL_KEY_PAIR = EVP_PKEY_KEYPAIR;
