/** Answers for revocation by the lists of all vehicle issuers, and keeps the lists fresh. */
import type { CrlIssuer } from "#proto/base/crl.ts";
import { asFault, Fault } from "#proto/errors.ts";
import { instantOf } from "#proto/instant.ts";
import { crlFetchTimeoutMs } from "#proto/limits.ts";
import type { Clock, CrlSource, Log, Random } from "#proto/ports.ts";
import { within } from "#proto/within.ts";
import { CrlSchedule } from "./crl_schedule.ts";
import { CrlStanding, type CrlTerms, type Standing } from "./crl_standing.ts";
import type { CertificateName, Revocation, RevocationFacts, RevocationReason } from "./revocation.ts";

/** What a {@link CrlDesk} is made of. */
export interface CrlDeskOptions {
  readonly lists: readonly { readonly issuer: CrlIssuer; readonly source: CrlSource }[];
  readonly terms: CrlTerms;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const mayLogIn: ReadonlySet<Standing> = new Set(["fresh", "grace"]);
const mayStay: ReadonlySet<Standing> = new Set(["fresh", "grace", "closed"]);

/** See the head of this file. */
export class CrlDesk implements Revocation {
  readonly #lists: ReadonlyMap<string, CrlKeeper>;
  readonly #clock: Clock;

  constructor({ lists, ...shared }: CrlDeskOptions) {
    this.#clock = shared.clock;
    this.#lists = new Map(lists.map((list) => [list.issuer.subject, new CrlKeeper({ ...list, ...shared })]));
  }

  /** Resolves when every list was fetched once, well or badly. */
  get triedOnce(): Promise<unknown> {
    return Promise.all(Array.from(this.#lists.values(), (list) => list.triedOnce));
  }

  reasonAgainstLogin(certificate: CertificateName): RevocationReason | undefined {
    return this.#reasonAgainst(certificate, mayLogIn);
  }

  reasonAgainstSession(certificate: CertificateName): RevocationReason | undefined {
    return this.#reasonAgainst(certificate, mayStay);
  }

  reasonAgainstReady(): string | undefined {
    const now = instantOf(this.#clock);
    const closed = [...this.#lists.values()].filter(({ known }) => !mayLogIn.has(known.standing(now)));
    const names = closed.map(({ known }) => `"${known.issuer.name}"`);
    return names.length === 0 ? undefined : `there is no fresh list of revoked certificates of ${names.join(", ")}`;
  }

  handleHint(): void {
    for (const list of this.#lists.values()) list.handleHint();
  }

  async run(onNews: () => void, signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from(this.#lists.values(), (list) => list.run(onNews, signal)));
  }

  facts(): RevocationFacts[] {
    const now = instantOf(this.#clock);
    return Array.from(this.#lists.values(), ({ known, fetches }) => {
      const standing = known.standing(now);
      const { size: revoked, bytes } = known.held?.serials ?? { size: 0, bytes: 0 };
      const staleSeconds = known.staleMs(now) / 1000;
      return { issuer: known.issuer.name, standing, staleSeconds, revoked, bytes, fetches };
    });
  }

  #reasonAgainst({ issuer, serial }: CertificateName, enough: ReadonlySet<Standing>): RevocationReason | undefined {
    const known = this.#lists.get(issuer)?.known;
    if (known?.held?.serials.has(serial)) {
      const { number } = known.held;
      const detail = `Certificate ${serial} of "${known.issuer.name}" is revoked by CRL ${number}`;
      return { code: "certificate_revoked", detail };
    }
    if (known !== undefined && enough.has(known.standing(instantOf(this.#clock)))) return undefined;
    const whose = known === undefined ? "this issuer" : `"${known.issuer.name}"`;
    return { code: "revocation_unknown", detail: `There is no fresh list of revoked certificates of ${whose}` };
  }
}

type CrlKeeperOptions = Omit<CrlDeskOptions, "lists"> & CrlDeskOptions["lists"][number];

/** Fetches one issuer's list, again and again. */
class CrlKeeper {
  readonly known: CrlStanding;
  readonly fetches = new Map<string, number>();
  readonly #options: CrlKeeperOptions;
  readonly #schedule: CrlSchedule;
  readonly #tried = Promise.withResolvers<void>();
  #hinted = new AbortController();

  constructor(options: CrlKeeperOptions) {
    this.#options = options;
    this.known = new CrlStanding(options.issuer, options.terms);
    this.#schedule = new CrlSchedule(options.terms.pollMs);
  }

  get triedOnce(): Promise<void> {
    return this.#tried.promise;
  }

  handleHint(): void {
    this.#schedule.handleHint();
    // Ends the wait, which may be for longer than is right now.
    this.#hinted.abort("hint");
    this.#hinted = new AbortController();
  }

  async run(onNews: () => void, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const waitMs = this.#schedule.pollWaitMs(clock.uptimeMs());
      if (waitMs > 0) await clock.after(waitMs, AbortSignal.any([signal, this.#hinted.signal])).catch(() => undefined);
      else if (await this.#fetch(signal) === "new") onNews();
    }
  }

  /** Never rejects: what goes wrong is counted and logged, and the list that is held grows stale. */
  async #fetch(signal: AbortSignal): Promise<string> {
    const { clock, log, random } = this.#options;
    const issuer = this.known.issuer.name;
    this.#schedule.handleBegan(clock.uptimeMs());
    let outcome: string;
    try {
      outcome = this.known.handleFetched(await this.#bytes(signal), instantOf(clock));
      this.#schedule.handleSucceeded(random.fraction(), clock.uptimeMs());
      const { number, serials } = this.known.held ?? {};
      if (outcome === "new") {
        log.info("Took a list of revoked certificates", { issuer, number, revoked: serials?.size });
      }
    } catch (thrown) {
      const fault = asFault(thrown);
      outcome = fault.code;
      this.#schedule.handleFailed(clock.uptimeMs());
      const standing = this.known.standing(instantOf(clock));
      log.warn("Got no list of revoked certificates", { issuer, code: outcome, reason: fault.message, standing });
    }
    this.fetches.set(outcome, (this.fetches.get(outcome) ?? 0) + 1);
    this.#tried.resolve();
    return outcome;
  }

  async #bytes(signal: AbortSignal): Promise<Uint8Array> {
    const { clock, source } = this.#options;
    const over = new AbortController();
    try {
      return await within(source.fetch(AbortSignal.any([signal, over.signal])), {
        clock,
        limitMs: crlFetchTimeoutMs,
        fault: () => new Fault("deadline", `Cannot fetch CRL: it took over ${crlFetchTimeoutMs} ms`),
      });
    } finally {
      over.abort();
    }
  }
}
