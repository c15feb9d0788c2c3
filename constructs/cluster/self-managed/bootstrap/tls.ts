/** Cipher suites of TLS 1.2 with forward secrecy and authenticated encryption (CIS Kubernetes Benchmark 1.2.29, 4.2.12). */
export const CIPHER_SUITES = [
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
] as const;

/** Flags of the servers of Kubernetes; TLS 1.3 chooses its suites itself. */
export const TLS_FLAGS = {
  "tls-min-version": "VersionTLS12",
  "tls-cipher-suites": CIPHER_SUITES.join(","),
} as const;
