/**
 * A certificate and key on disk while a program runs: looks at the files, says which pair is in use, and warns of its
 * end. What decides is in credential_watch.ts and expiry_warnings.ts.
 */
import { asFault, type Fault } from "../errors.ts";
import { credentialPollMs } from "../limits.ts";
import type { Clock, Log } from "../ports.ts";
import { type CredentialFiles, CredentialWatch, type ReadCredentials } from "./credential_watch.ts";
import { daysLeft, ExpiryWarnings, type Validity } from "./expiry_warnings.ts";

/** What every pair that is used says of its leaf. */
export interface ReadLeaf {
  readonly leaf: Validity & { /** Hex. */ readonly serial: string };
}

/** Where the files are read. */
export interface CredentialSource {
  /** What stands in them now; rejects when one cannot be read. */
  read(): Promise<CredentialFiles>;
}

/** The pair of the start, and where a newer one will stand. */
export interface CredentialOptions<Credentials extends ReadLeaf> {
  readonly files: CredentialFiles;
  readonly credentials: Credentials;
  readonly source: CredentialSource;
}

/** What the desk works with. */
export interface CredentialDeskParts<Credentials extends ReadLeaf> extends CredentialOptions<Credentials> {
  readonly read: ReadCredentials<Credentials>;
  readonly clock: Clock;
  readonly log: Log;
  /** Nanoseconds to add to the wall clock to get a better one; 0 where none is known. */
  readonly clockOffsetNs: () => bigint;
  /** Told when another pair is in use. */
  readonly onRenewed: (credentials: Credentials) => void;
}

/** The certificate in use. */
export interface CertificateStatus {
  /** Hex. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly notAfterMs: number;
  /** With fractions; negative after its end. */
  readonly daysLeft: number;
  /** Why what stands in the files is not used. */
  readonly fault: Fault | undefined;
}

/** See the head of this file. */
export class CredentialDesk<Credentials extends ReadLeaf> {
  readonly #parts: CredentialDeskParts<Credentials>;
  readonly #watch: CredentialWatch<Credentials>;
  #inUse: Credentials;
  #warnings: ExpiryWarnings;

  constructor(parts: CredentialDeskParts<Credentials>) {
    this.#parts = parts;
    this.#watch = new CredentialWatch(parts.files, parts.read);
    this.#inUse = parts.credentials;
    this.#warnings = new ExpiryWarnings(parts.credentials.leaf);
  }

  get status(): CertificateStatus {
    const { leaf } = this.#inUse;
    return {
      serial: leaf.serial,
      notAfterMs: leaf.notAfterMs,
      daysLeft: daysLeft(leaf, this.#nowMs()),
      fault: this.#watch.fault,
    };
  }

  /** Looks at the files again and again until the signal comes. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    do {
      this.#warn();
      await this.#look();
    } while (await clock.after(credentialPollMs, signal).then(() => true, () => false));
  }

  async #look(): Promise<void> {
    const { clock, log, source } = this.#parts;
    const found = await source.read().catch((thrown) => asFault(thrown));
    const now = { uptimeMs: clock.uptimeMs(), wallNs: BigInt(Math.round(this.#nowMs())) * 1_000_000n };
    const step = this.#watch.handleFiles(found, now);
    if (step.kind === "use") this.#use(step.credentials);
    if (step.kind !== "tell") return;
    log.warn("New certificate or key is not used, the old ones stay", { error: step.fault.message });
  }

  #use(credentials: Credentials): void {
    this.#inUse = credentials;
    this.#warnings = new ExpiryWarnings(credentials.leaf);
    const { serial, notAfterMs } = credentials.leaf;
    this.#parts.log.info("A new certificate is used", { serial, ends: new Date(notAfterMs).toISOString() });
    this.#parts.onRenewed(credentials);
  }

  #warn(): void {
    const days = this.#warnings.poll(this.#nowMs());
    if (days === undefined) return;
    const { serial, notAfterMs } = this.#inUse.leaf;
    const fields = { serial, ends: new Date(notAfterMs).toISOString() };
    if (days === 0) this.#parts.log.error("The certificate has ended", fields);
    else this.#parts.log.warn(`The certificate ends in less than ${days} ${days === 1 ? "day" : "days"}`, fields);
  }

  #nowMs(): number {
    const { clock, clockOffsetNs } = this.#parts;
    return Number((clock.wallNs() + clockOffsetNs()) / 1_000_000n);
  }
}
