/** What the query service asks about the quarantine, and what the owner of the partition answers. */
import { create } from "@bufbuild/protobuf";
import {
  type QuarantineAnswer,
  QuarantineAnswerSchema,
  type QuarantineRequest,
  QuarantineRequest_Action as Action,
} from "#proto/gen/systemscale/log/v1/quarantine_pb.ts";
import { asFault, Fault } from "#proto/errors.ts";
import { parseVehicleId } from "#proto/ids.ts";
import { stringifyJson } from "#proto/json.ts";
import { rangesPerMessageMax } from "#proto/limits.ts";
import { storedRowsToldMax, storedValuesCharsMax } from "./limits.ts";
import type { Refusal, SecondLook } from "./second_look.ts";

/** Does as asked, or answers why not. */
export async function answerQuarantine(request: QuarantineRequest, secondLook: SecondLook): Promise<QuarantineAnswer> {
  try {
    const refusal = await decide(request, secondLook);
    return refusal === undefined ? create(QuarantineAnswerSchema) : refusalAnswer(refusal);
  } catch (error) {
    const { code, message } = asFault(error);
    return create(QuarantineAnswerSchema, { code, reason: message });
  }
}

async function decide({ vehicleId, entry, action }: QuarantineRequest, look: SecondLook): Promise<Refusal | undefined> {
  const vehicle = parseVehicleId(vehicleId);
  switch (action) {
    case Action.RETRY:
      return await look.retry(vehicle, entry);
    case Action.DROP:
      return await look.drop(vehicle, entry);
    default:
      throw new Fault("bad_request", `Cannot do action ${action} with a batch that was kept aside: it is not known`);
  }
}

function refusalAnswer({ code, reason, different, stored }: Refusal): QuarantineAnswer {
  return create(QuarantineAnswerSchema, {
    code,
    reason,
    different: different.slice(0, rangesPerMessageMax).map(({ first, last }) => ({
      first: BigInt(first),
      last: BigInt(last),
    })),
    stored: stored.slice(0, storedRowsToldMax).map(({ stream, row }) => ({
      stream,
      seq: BigInt(row.seq),
      ts: row.ts,
      values: bounded(stringifyJson({ ...row.values })),
    })),
  });
}

/** The row can be asked for whole: what would not fit into a message is left out here. */
function bounded(json: string): string {
  return json.length <= storedValuesCharsMax ? json : "{}";
}
