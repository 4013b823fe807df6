/* GnuTLS comes with the libraries of libcurl and libmicrohttpd, and nothing here speaks TLS by
 * it: libcurl has OpenSSL, and the sandbox is plain HTTP on loopback. Getting ready takes it a
 * fifteenth of a short run, so that is put off until a C library of the user's is loaded, which
 * may count on it. The linker leads libmicrohttpd's calls, and Lua's of dlopen, to what is
 * named __wrap_ here. */
#include <gnutls/gnutls.h>

int __wrap_gnutls_global_init(void);
int __real_gnutls_global_init(void);
void __wrap_gnutls_global_deinit(void);
void *__wrap_dlopen(const char *path, int mode);
void *__real_dlopen(const char *path, int mode);
int _gnutls_global_init_skip(void);

/* GnuTLS asks it when it is loaded. */
GNUTLS_SKIP_GLOBAL_INIT

int __wrap_gnutls_global_init(void)
{
    return GNUTLS_E_SUCCESS;
}

void __wrap_gnutls_global_deinit(void)
{
}

void *__wrap_dlopen(const char *path, int mode)
{
    __real_gnutls_global_init();
    return __real_dlopen(path, mode);
}
