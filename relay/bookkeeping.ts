/**
 * Frames that tell a vehicle what is safe and what is wanted again: Verdicts, Held and Resend, cut so that each fits
 * into a link frame however many ranges there are. Source: protocol.md sections 4.4 and 4.7.
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
  const pieces = verdictPieces(ranges);
  return pieces.map((piece, i) => encodeMessage("verdicts", i === pieces.length - 1 ? { ...piece, passed } : piece));
}

/** The frames of one answer: Held comes last, what does not fit into it goes before as Verdicts. */
export function heldFrames(held: HeldFacts): Uint8Array[] {
  const pieces = verdictPieces(held);
  const { knownShapes, passed, ledgerAnswered } = held;
  return pieces.map((piece, i) =>
    i < pieces.length - 1
      ? encodeMessage("verdicts", piece)
      : encodeMessage("held", { ...piece, knownShapes, passed, ledgerAnswered })
  );
}

function verdictPieces({ committed, quarantined }: VerdictRanges) {
  return piecesOf({ committed, quarantined });
}

/** Frames that ask for ranges again; none for no ranges. */
export function resendFrames(ranges: readonly ClassRanges[]): Uint8Array[] {
  return ranges.length === 0 ? [] : piecesOf({ ranges }).map((piece) => encodeMessage("resend", piece));
}

/** At least one piece of all lists, each with at most `rangesPerFrameMax` ranges. */
function piecesOf<Name extends string>(
  lists: Readonly<Record<Name, readonly ClassRanges[]>>,
): Record<Name, ClassRanges[]>[] {
  const names = Object.keys(lists) as Name[];
  const empty = () => Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, ClassRanges[]>;
  const pieces = [empty()];
  let room = rangesPerFrameMax;
  for (const name of names) {
    for (const { epoch, class: classNumber, ranges: all = [] } of lists[name]) {
      for (let at = 0; at < all.length;) {
        if (room === 0) {
          pieces.push(empty());
          room = rangesPerFrameMax;
        }
        const some = all.slice(at, at + room);
        pieces[pieces.length - 1][name].push({ epoch, class: classNumber, ranges: some });
        at += some.length;
        room -= some.length;
      }
    }
  }
  return pieces;
}
