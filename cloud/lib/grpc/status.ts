/** A problem of the REST API as a gRPC status, with our code in an `ErrorInfo` of google.rpc. Pure. */
import { Code, ConnectError } from "@connectrpc/connect";
import { z } from "zod";
import { ErrorInfoSchema } from "#proto/gen/google/rpc/error_details_pb.ts";

/** Whose codes they are. */
const domain = "systemscale";

const codeOf: Readonly<Record<number, Code>> = {
  400: Code.InvalidArgument,
  401: Code.Unauthenticated,
  403: Code.PermissionDenied,
  404: Code.NotFound,
  408: Code.DeadlineExceeded,
  409: Code.FailedPrecondition,
  412: Code.Aborted,
  413: Code.ResourceExhausted,
  422: Code.InvalidArgument,
  503: Code.Unavailable,
  504: Code.DeadlineExceeded,
  507: Code.ResourceExhausted,
};

const problem = z.object({
  status: z.number(),
  detail: z.string(),
  code: z.string(),
  pointer: z.string().optional(),
});

/** Takes the body of a problem (proto/base/problem.ts); anything else is `internal`. */
export function statusOf(body: unknown): ConnectError {
  const { data } = problem.safeParse(body);
  if (data === undefined) return new ConnectError("The server failed; its log says why", Code.Internal);
  const { status, detail, code, pointer } = data;
  const metadata: Record<string, string> = pointer === undefined ? {} : { pointer };
  const info = { desc: ErrorInfoSchema, value: { reason: code, domain, metadata } };
  return new ConnectError(detail, codeOf[status] ?? Code.Internal, undefined, [info]);
}
