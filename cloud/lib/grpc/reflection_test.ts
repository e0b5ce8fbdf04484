import { deepStrictEqual as equal } from "node:assert/strict";
import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient, createRouterTransport } from "@connectrpc/connect";
import { file_google_rpc_error_details } from "#proto/gen/google/rpc/error_details_pb.ts";
import { ServerReflection, type ServerReflectionRequestSchema } from "#proto/gen/grpc/reflection/v1/reflection_pb.ts";
import { CommandService } from "#proto/gen/systemscale/commands/v1/commands_pb.ts";
import { reflectionService } from "./reflection.ts";

type Question = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]>;

const service = reflectionService([CommandService, ServerReflection], [file_google_rpc_error_details]);
const client = createClient(
  ServerReflection,
  createRouterTransport((router) => void router.service(ServerReflection, service)),
);

/** Names of the services or files of the answer, or the code of a refusal. */
async function ask(messageRequest: Question): Promise<unknown> {
  const questions = (async function* () {
    yield await Promise.resolve({ messageRequest });
  })();
  for await (const { messageResponse: { case: kind, value } } of client.serverReflectionInfo(questions)) {
    if (kind === "listServicesResponse") return value.service.map(({ name }) => name);
    if (kind === "errorResponse") return value.errorCode;
    if (kind === "fileDescriptorResponse") {
      return value.fileDescriptorProto.map((file) => fromBinary(FileDescriptorProtoSchema, file).name);
    }
  }
  return undefined;
}

const files = [
  "systemscale/commands/v1/commands.proto",
  "google/protobuf/struct.proto",
  "google/protobuf/timestamp.proto",
];

Deno.test("all services are listed, and each comes with every file it stands on, its own first", async () => {
  equal(await ask({ case: "listServices", value: "*" }), [CommandService.typeName, ServerReflection.typeName]);
  for (const name of ["CommandService", "CommandService.WatchCommand", "Command", "CommandState"]) {
    equal(await ask({ case: "fileContainingSymbol", value: `systemscale.commands.v1.${name}` }), files, name);
  }
  equal(await ask({ case: "fileByFilename", value: files[0] }), files);
  equal(await ask({ case: "fileByFilename", value: files[2] }), [files[2]]);
  equal(await ask({ case: "fileContainingSymbol", value: "google.rpc.ErrorInfo" }), ["google/rpc/error_details.proto"]);
});

Deno.test("what is not there is said not to be", async () => {
  for (const value of ["", ".", "nothing.Here", "../../etc/passwd"]) {
    equal(await ask({ case: "fileContainingSymbol", value }), Code.NotFound);
    equal(await ask({ case: "fileByFilename", value }), Code.NotFound);
  }
  equal(await ask({ case: "allExtensionNumbersOfType", value: "a" }), Code.Unimplemented);
  equal(await ask({ case: undefined }), Code.Unimplemented);
});
