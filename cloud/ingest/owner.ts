/**
 * What the owner of partitions consists of: its ports and its memory. All of the memory is bounded, and all of it can be had
 * again from the store and the log.
 */
import { type IngestCounters, newCounters } from "./counters.ts";
import { Decoder } from "./decoder.ts";
import { FleetFigures } from "./fleet_figures.ts";
import { Held } from "./held.ts";
import { Ledger } from "./ledger.ts";
import { countedVehiclesMax, ledgerVehiclesMax } from "./limits.ts";
import { Links } from "./links.ts";
import type { LanePlaces } from "./places.ts";
import type { IngestPorts } from "./ports.ts";
import { ProvenSessions } from "./proven_sessions.ts";
import { Sessions } from "./sessions.ts";
import { StoreWriter } from "./store_writer.ts";
import { Tenures } from "./tenures.ts";
import { WaitingRows } from "./waiting_rows.ts";

/** See the head of this file. */
export interface Owner extends IngestPorts {
  readonly writer: StoreWriter;
  readonly decoder: Decoder;
  readonly ledger: Ledger;
  readonly links: Links;
  readonly figures: FleetFigures;
  readonly sessions: Sessions;
  readonly proven: ProvenSessions;
  readonly held: Held;
  readonly waiting: WaitingRows;
  readonly tenures: Tenures;
  readonly counters: IngestCounters;
}

/** An owner of nothing yet. */
export function createOwner(ports: IngestPorts): Owner {
  const writer = new StoreWriter(ports);
  return {
    ...ports,
    writer,
    decoder: new Decoder({ ...ports, writer }),
    ledger: new Ledger(ledgerVehiclesMax),
    links: new Links(ledgerVehiclesMax),
    figures: new FleetFigures(countedVehiclesMax),
    sessions: new Sessions(ledgerVehiclesMax),
    proven: new ProvenSessions({ ...ports, writer }),
    held: new Held(ledgerVehiclesMax),
    waiting: new WaitingRows(),
    tenures: new Tenures(),
    counters: newCounters(),
  };
}

/** How far a partition is worked through; undefined for one that is not owned. */
export function passedIn(
  partition: number,
  { tenures, waiting }: Pick<Owner, "tenures" | "waiting">,
): LanePlaces | undefined {
  return tenures.passed(partition, waiting.places);
}
