/**
 * Frames that tell a vehicle what is safe: Verdicts and Held, cut so that each fits into a link frame however many
 * ranges there are. Source: protocol.md sections 4.4 and 4.7.
 */
import { encodeMessage, type MessageInit } from "#proto/link_message.ts";
import { rangesPerFrameMax } from "./limits.ts";
import type { PassedPlaces } from "./session.ts";

type ClassRanges = NonNullable<MessageInit<"verdicts">["committed"]>[number];

/** Ranges by what became of them. */
export interface VerdictRanges {
  readonly committed: readonly ClassRanges[];
  readonly quarantined: readonly ClassRanges[];
}

/** An owner's answer for one vehicle. */
export interface HeldFacts extends VerdictRanges {
  readonly knownShapes: Uint8Array[];
  readonly passed: PassedPlaces | undefined;
  readonly ledgerAnswered: boolean;
}

/** Frames with verdicts; the places passed come with the last, because they count only after all verdicts before. */
export function verdictFrames(ranges: VerdictRanges, passed: PassedPlaces | undefined): Uint8Array[] {
  const pieces = piecesOf(ranges);
  return pieces.map((piece, i) => encodeMessage("verdicts", i === pieces.length - 1 ? { ...piece, passed } : piece));
}

/** The frames of one answer: Held comes last, what does not fit into it goes before as Verdicts. */
export function heldFrames(held: HeldFacts): Uint8Array[] {
  const pieces = piecesOf(held);
  const { knownShapes, passed, ledgerAnswered } = held;
  return pieces.map((piece, i) =>
    i < pieces.length - 1
      ? encodeMessage("verdicts", piece)
      : encodeMessage("held", { ...piece, knownShapes, passed, ledgerAnswered })
  );
}

interface Piece {
  committed: ClassRanges[];
  quarantined: ClassRanges[];
}

/** At least one piece, each with at most `rangesPerFrameMax` ranges. */
function piecesOf(ranges: VerdictRanges): Piece[] {
  const pieces: Piece[] = [{ committed: [], quarantined: [] }];
  let room = rangesPerFrameMax;
  for (const verdict of ["committed", "quarantined"] as const) {
    for (const { epoch, class: classNumber, ranges: all = [] } of ranges[verdict]) {
      for (let at = 0; at < all.length;) {
        if (room === 0) {
          pieces.push({ committed: [], quarantined: [] });
          room = rangesPerFrameMax;
        }
        const some = all.slice(at, at + room);
        pieces[pieces.length - 1][verdict].push({ epoch, class: classNumber, ranges: some });
        at += some.length;
        room -= some.length;
      }
    }
  }
  return pieces;
}
