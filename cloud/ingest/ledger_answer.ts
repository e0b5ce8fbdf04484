/** What a relay asks about the ledger when a vehicle comes, and what the owner of the partition answers. */
import { create } from "@bufbuild/protobuf";
import { type LedgerAnswer, LedgerAnswerSchema, type LedgerRequest } from "#proto/gen/systemscale/log/v1/ledger_pb.ts";
import { parseRelayName, parseVehicleId, type VehicleId } from "#proto/ids.ts";
import { countOf, intersect, none } from "#proto/ranges.ts";
import { sessionIdOf } from "#proto/session_id.ts";
import { partitionOf } from "#proto/subjects.ts";
import { type Owner, passedIn } from "./owner.ts";
import { recallLedgers } from "./recall.ts";
import { unknownOf } from "./resend.ts";
import { fromWire, type LineRanges, mergeLines, placesToWire, toWire } from "./wire.ts";

/**
 * Answers which ranges of an inventory have a verdict and which are wanted again, and notes where the vehicle's verdicts go
 * from now on; or nothing but that the session is not proven. Rejects with the fault of an id that cannot be read.
 */
export async function answerLedger(request: LedgerRequest, owner: Owner): Promise<LedgerAnswer> {
  const vehicle = parseVehicleId(request.vehicleId);
  const partition = partitionOf(vehicle);
  const relay = parseRelayName(request.relay);
  const { shard } = request;
  const session = sessionIdOf(request.sessionSecret);
  if (!await owner.proven.holds({ vehicle, relay, shard, session })) {
    return create(LedgerAnswerSchema, { unproven: true });
  }
  await recallLedgers([vehicle], owner);
  owner.sessions.register(vehicle, { relay, shard, session });
  const onBoard = fromWire(request.inventory?.onBoard ?? []);
  const lines = owner.ledger.linesOf(vehicle);
  const known = { ledger: lines, waiting: owner.waiting.linesOf(vehicle) };
  const unknown = unknownOf(fromWire(request.inventory?.settled ?? []), known);
  const comparedBy = owner.tenures.comparedBy(partition);
  const resend = comparedBy === 0n ? [] : unknown;
  owner.ledger.takeInventory(vehicle, {
    onBoard: mergeLines([...onBoard, ...unknown]),
    durable: fromWire(request.inventory?.durable ?? []),
    through: { relay, session: session.toHex() },
  }, owner.clock.wallNs());
  noteResend(vehicle, resend, owner);
  const within = (pick: "committed" | "quarantined") =>
    onBoard.map((wanted) => {
      const line = lines.find((entry) => entry.epoch === wanted.epoch && entry.class === wanted.class);
      return { ...wanted, ranges: line === undefined ? none : intersect(line[pick], wanted.ranges) };
    });
  return create(LedgerAnswerSchema, {
    committed: toWire(within("committed")),
    quarantined: toWire(within("quarantined")),
    passed: placesToWire(passedIn(partition, owner)),
    resend: toWire(resend),
    comparedBy,
  });
}

function noteResend(
  vehicle: VehicleId,
  resend: readonly LineRanges[],
  { counters, log }: Pick<Owner, "counters" | "log">,
): void {
  const records = resend.reduce((sum, { ranges }) => sum + countOf(ranges), 0);
  if (records === 0) return;
  counters.askedAgain += records;
  log.warn("The ledger lacks what a vehicle has a verdict for, asking for it again", { vehicle, records });
}
