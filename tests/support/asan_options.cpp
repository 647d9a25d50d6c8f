// How AddressSanitizer runs in every program of the asan preset.
//
// LeakSanitizer learns of a loaded plugin's thread_local blocks from its interceptor of __tls_get_addr, which
// guesses that a block 16 bytes behind a page's start follows a header of glibc 2.19. With later glibc it is
// an ordinary allocation, the "header" is the allocator's own, and the scan at exit follows it to an address
// that isn't mapped: about one layout of the heap in sixty-four, always the same one for the same input. The
// blocks are found without the guess, since each thread's vector of them points there.

// The name is the sanitizer's.
// NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl*,readability-identifier-naming)
extern "C" __attribute__((visibility("default"))) const char* __asan_default_options() {
  return "intercept_tls_get_addr=0";
}
