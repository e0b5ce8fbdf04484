/**
 * The vehicle's certificate and key while the agent runs: looks at the files, says which pair is in use, and warns of its
 * end. What decides is in credential_watch.ts and expiry_warnings.ts.
 */
import { asFault, type Fault } from "#proto/errors.ts";
import type { VehicleId } from "#proto/ids.ts";
import type { Clock, Log } from "#proto/ports.ts";
import type { CredentialFiles, Credentials } from "../identity.ts";
import { credentialPollMs } from "../limits.ts";
import { pause } from "../pause.ts";
import { CredentialWatch } from "./credential_watch.ts";
import { daysLeft, ExpiryWarnings } from "./expiry_warnings.ts";

/** Where the files are read. */
export interface CredentialSource {
  /** What stands in them now; rejects when one cannot be read. */
  read(): Promise<CredentialFiles>;
}

/** The pair of the start, and where a newer one will stand. */
export interface CredentialOptions {
  readonly files: CredentialFiles;
  readonly credentials: Credentials;
  readonly source: CredentialSource;
}

/** What the desk works with. */
export interface CredentialDeskParts extends CredentialOptions {
  readonly vehicleId: VehicleId;
  readonly clock: Clock;
  readonly log: Log;
  /** Nanoseconds to add to the wall clock to get the relay's; undefined while nothing is known of it. */
  readonly clockOffsetNs: () => bigint | undefined;
  /** Told when another pair is in use. */
  readonly onRenewed: () => void;
}

/** The certificate that the next login uses. */
export interface CertificateStatus {
  /** Hex. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly notAfterMs: number;
  /** With fractions; negative after its end. By the relay's clock when it is known. */
  readonly daysLeft: number;
  /** Why what stands in the files is not used. */
  readonly fault: Fault | undefined;
}

/** See the head of this file. */
export class CredentialDesk {
  readonly #parts: CredentialDeskParts;
  readonly #watch: CredentialWatch;
  #inUse: Credentials;
  #warnings: ExpiryWarnings;

  constructor(parts: CredentialDeskParts) {
    this.#parts = parts;
    this.#watch = new CredentialWatch(parts.vehicleId, parts.files);
    this.#inUse = parts.credentials;
    this.#warnings = new ExpiryWarnings(parts.credentials.leaf);
  }

  /** The pair that the next login uses; another object for another pair. */
  get inUse(): Credentials {
    return this.#inUse;
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
    do {
      this.#warn();
      await this.#look();
    } while (await pause(this.#parts.clock, { delayMs: credentialPollMs, signal }));
  }

  async #look(): Promise<void> {
    const { clock, log, source, onRenewed } = this.#parts;
    const found = await source.read().catch((thrown) => asFault(thrown));
    const now = { uptimeMs: clock.uptimeMs(), wallNs: BigInt(Math.round(this.#nowMs())) * 1_000_000n };
    const step = this.#watch.handleFiles(found, now);
    if (step.kind === "tell") {
      log.warn("New certificate or key is not used, the old ones stay", { error: step.fault.message });
    }
    if (step.kind !== "use") return;
    this.#inUse = step.credentials;
    this.#warnings = new ExpiryWarnings(step.credentials.leaf);
    const { serial, notAfterMs } = step.credentials.leaf;
    log.info("New certificate is used from the next login on", { serial, ends: new Date(notAfterMs).toISOString() });
    onRenewed();
  }

  #warn(): void {
    const days = this.#warnings.poll(this.#nowMs());
    if (days === undefined) return;
    const { serial, notAfterMs } = this.#inUse.leaf;
    const fields = { serial, ends: new Date(notAfterMs).toISOString() };
    if (days === 0) this.#parts.log.error("The certificate has ended: no relay takes it any more", fields);
    else this.#parts.log.warn(`The certificate ends in less than ${days} ${days === 1 ? "day" : "days"}`, fields);
  }

  #nowMs(): number {
    const { clock, clockOffsetNs } = this.#parts;
    return Number((clock.wallNs() + (clockOffsetNs() ?? 0n)) / 1_000_000n);
  }
}
