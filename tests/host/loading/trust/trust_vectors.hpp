#pragma once

#include <string>
#include <string_view>

// Made with other people's programs, by keys that were thrown away: signatures of signed_statement(kAbc).
namespace certspan::test {

/// SHA-256 of "abc" (FIPS 180-2, appendix B.1).
inline const std::string kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// OpenSSL 3.0: `openssl genpkey -algorithm ed25519`, `openssl pkeyutl -sign -rawin`; the id is
/// `openssl pkey -pubin -outform DER | sha256sum`.
inline constexpr std::string_view kEd25519Pem = R"(-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA1Rq5+1gQrHwLA1GXEZcwGOOSXnTRIxIkTvLG8BYfy0c=
-----END PUBLIC KEY-----
)";
inline const std::string kEd25519Signature =
    "certspan plugin signature 1\n"
    "algorithm: ed25519\n"
    "key: a2a09c26e9e449109a4418edf9b095828c3a354cd2af6fbfa5b1b87cb8ea4c3a\n"
    "signature: "
    "cYUTyAC/QqeN3W/fiOSD1cjAIy4ZvyaHbg5fdtala9Ag/YV4WD/JJP1LV8eyH7NL+uziku5x1JnziwurOWYVDA==\n";

/// Python's cryptography 38: ec.SECP256R1, ECDSA with SHA-256.
inline constexpr std::string_view kP256Pem = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMeGsrNsfWq2Dcb8QRCUEq4DFNlTr
438UjET+2F09auEthzIDSmQavrfAhMZxs0tuFuVVLvA6T1wuZlwrDiwARg==
-----END PUBLIC KEY-----
)";
inline const std::string kP256Signature =
    "certspan plugin signature 1\n"
    "algorithm: ecdsa-p256-sha256\n"
    "key: a02c73938b51b32194241ca1fdf090f84ef5d358ebb38c2deb7adf33d69f342c\n"
    "signature: "
    "MEYCIQDbMV98dRExvdeCQzMEolfD28nAMP4D1QYXyGeu2olR7gIhAJU4ozb34YHzuKey1Ni+wwmdO6HHyTHGddQuK8fJmPLg\n";

/// Likewise of a kind that signs no plugins.
inline constexpr std::string_view kP384Pem = R"(-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEqD1+QBd6KkK7KT38KfX8DU3k0uAysPLh
WIZQU7OrVh+pzDF08sLueQioXROJTa2bfUjFxfS5EgcWwfIPk8rnHd7lzWP/DQSJ
/Z/QxFbnLEgAfrK68SHi3NtfmKdLGi+/
-----END PUBLIC KEY-----
)";

}  // namespace certspan::test
