#include "host/base/x509.hpp"

namespace certspan {

X509Ptr parse_x509(BytesView der) {
  const unsigned char* at = der.data();
  return {d2i_X509(nullptr, &at, static_cast<long>(der.size())), &X509_free};
}

Bytes encode_x509_name(const X509_NAME* name) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_NAME(name, &der);
  if (size <= 0) return {};
  Bytes encoded(der, der + size);
  OPENSSL_free(der);
  return encoded;
}

}  // namespace certspan
