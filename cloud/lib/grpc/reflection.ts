/** What a gRPC server can be asked, for tools without its schema. Source: gRPC server reflection protocol, version 1. */
import { createRegistry, type DescFile, type DescService, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import type {
  ServerReflection,
  ServerReflectionRequest,
  ServerReflectionResponseSchema,
} from "#proto/gen/grpc/reflection/v1/reflection_pb.ts";

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]>;

/** Makes the service, which tells of these, and of further files that answers use. */
export function reflectionService(
  services: readonly DescService[],
  further: readonly DescFile[] = [],
): ServiceImpl<typeof ServerReflection> {
  const files = new Map(
    [...services.map(({ file }) => file), ...further].flatMap(withDependencies).map((file) => [file.proto.name, file]),
  );
  const registry = createRegistry(...files.values());
  const fileOf = (symbol: string) => {
    // A method or a field is found by what it belongs to.
    const owner = symbol.slice(0, symbol.lastIndexOf("."));
    return (registry.get(symbol) ?? registry.get(owner))?.file;
  };
  const answer = ({ case: kind, value }: ServerReflectionRequest["messageRequest"]): Answer => {
    if (kind === "listServices") {
      const service = services.map(({ typeName: name }) => ({ name }));
      return { case: "listServicesResponse", value: { service } };
    }
    if (kind === "fileByFilename") return filesAnswer(files.get(value), value);
    if (kind === "fileContainingSymbol") return filesAnswer(fileOf(value), value);
    return refusal(Code.Unimplemented, "The services have no extensions");
  };
  return {
    serverReflectionInfo: async function* (requests) {
      for await (const request of requests) {
        const { host: validHost, messageRequest } = request;
        yield { validHost, originalRequest: request, messageResponse: answer(messageRequest) };
      }
    },
  };
}

function filesAnswer(file: DescFile | undefined, name: string): Answer {
  if (file === undefined) return refusal(Code.NotFound, `Cannot find "${name}"`);
  const fileDescriptorProto = withDependencies(file).map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function refusal(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}

/** The file, then all it stands on, each once. */
function withDependencies(file: DescFile): DescFile[] {
  return [...new Set([file, ...file.dependencies.flatMap(withDependencies)])];
}
