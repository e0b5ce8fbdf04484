import { deepStrictEqual as equal } from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import { problemOf } from "#proto/base/problem.ts";
import { type Code as FaultCode, codes, Fault } from "#proto/errors.ts";
import { ErrorInfoSchema } from "#proto/gen/google/rpc/error_details_pb.ts";
import { statusOf } from "./status.ts";

function told(body: unknown) {
  const status = statusOf(body);
  const [info] = status.findDetails(ErrorInfoSchema);
  return [status.code, status.rawMessage, info?.reason, info?.metadata["pointer"]];
}

Deno.test("a problem keeps its words, its code and its place", () => {
  const fault = new Fault("bad_query", "Cannot take the request", { pointer: "/data/up_m" });
  equal(told(problemOf(fault)), [Code.InvalidArgument, "Cannot take the request", "bad_query", "/data/up_m"]);
  equal(told(problemOf(new Fault("vehicle_stopped", "no"))), [
    Code.FailedPrecondition,
    "no",
    "vehicle_stopped",
    undefined,
  ]);
});

Deno.test("every answer of 4xx is the caller's, and what is no problem document tells nothing of the server", () => {
  for (const code of Object.keys(codes) as FaultCode[]) {
    const [status] = told(problemOf(new Fault(code, "x")));
    if (codes[code].status < 500 && ![405, 415, 428].includes(codes[code].status)) {
      equal(status === Code.Internal, false, code);
    }
  }
  for (const body of [undefined, null, "secret", { detail: "secret" }]) {
    equal(told(body), [Code.Internal, "The server failed; its log says why", undefined, undefined]);
  }
});
