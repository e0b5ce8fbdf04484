import { deepEqual, equal } from "node:assert/strict";
import type { LedgerView } from "./account.ts";
import { ledgerText, momentHead, momentText, sumsOf } from "./ledger_table.ts";

const ledger: LedgerView = {
  epochs: [
    {
      epoch: "7",
      classes: [
        { class: "critical", expected: 1, stored: 1, missing_ranges: [] },
        {
          class: "normal",
          expected: 100,
          stored: 55,
          missing_ranges: [{ first: 51, last: 90, cause: "still_on_board" }, {
            first: 96,
            last: 100,
            cause: "in_flight",
          }],
        },
      ],
    },
    { epoch: "8", classes: [{ class: "normal", expected: 0, stored: 0, missing_ranges: [] }] },
  ],
};

Deno.test("sums go over all epochs and classes, and what is missing is told by its cause", () => {
  const byCause = { still_on_board: 40, in_flight: 5 };
  deepEqual(sumsOf(ledger), { expected: 101, stored: 56, missing: 45, byCause });
});

Deno.test("a line stands under its head", () => {
  const line = momentText({ seconds: 21.04, what: "linked again", durable: 120, ledger });
  equal(
    line,
    "  21.0  linked again                               120                 101       56       45  40 still on board, 5 in flight",
  );
  const [head] = momentHead.split("\n");
  equal(head.indexOf("stored") + "stored".length, line.indexOf("56") + "56".length);
  equal(head.indexOf("where"), line.indexOf("40 still"));
});

Deno.test("every epoch and class has its line", () => {
  equal(
    ledgerText(ledger),
    "  epoch 7, critical: 1 expected, 1 stored, missing nothing\n" +
      "  epoch 7, normal: 100 expected, 55 stored, missing 51-90 still on board, 96-100 in flight\n" +
      "  epoch 8, normal: 0 expected, 0 stored, missing nothing",
  );
});
