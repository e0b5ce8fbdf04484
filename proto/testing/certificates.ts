/** A small certificate authority for tests and development: root, vehicle issuer, relay issuer, and leaves of both. */

/** A certificate with its private key (PKCS#8), both PEM. */
export interface CertifiedKey {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A leaf, ready for use. */
export interface Leaf extends CertifiedKey {
  /** Leaf and issuer, as a TLS server or an agent's certificate file wants it. */
  readonly chainPem: string;
  /** The same in DER, leaf first, as Hello wants it. */
  readonly chain: readonly Uint8Array[];
}

/** The parts of an authority that are worth keeping in files. */
export interface AuthorityParts {
  readonly root: CertifiedKey;
  readonly vehicleIssuer: CertifiedKey;
  readonly relayIssuer: CertifiedKey;
}

/** Validity of what is issued. */
export interface Validity {
  /** Milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** What a vehicle's leaf is made of. */
export interface VehicleLeafOptions extends Validity {
  /** Ed25519 by default. */
  readonly algorithm?: "ed25519" | "p256";
}

/** Root with two issuers that cannot stand in for each other. */
export interface Authority extends AuthorityParts {
  /** A leaf with the id as common name and as `systemscale://vehicle/<id>`. */
  issueVehicle(id: string, options: VehicleLeafOptions): Promise<Leaf>;
  /** A P-256 TLS server leaf for the node's name, further DNS names or addresses. */
  issueRelay(node: string, options: Validity & { readonly otherNames?: readonly string[] }): Promise<Leaf>;
}

/** Makes a new authority with fresh P-256 keys. */
export function makeAuthority(_name: string, _validity: Validity): Promise<Authority> {
  throw new Error("to be written");
}

/** Takes up an authority that was kept. */
export function openAuthority(_parts: AuthorityParts): Promise<Authority> {
  throw new Error("to be written");
}
