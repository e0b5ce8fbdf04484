/** Certificates out of PEM text (RFC 7468). */

const block = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

/** The DER bytes of every certificate in a text, in order; empty when there is none. */
export function certificatesOf(pem: string): Uint8Array[] {
  return Array.from(pem.matchAll(block), ([, base64]) => Uint8Array.fromBase64(base64));
}
