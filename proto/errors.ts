/**
 * The closed list of codes that SystemScale answers with, and the one error class that carries them.
 *
 * A code is part of the contract: operators search for it, clients branch on it. The text beside it may change.
 */

interface CodeFacts {
  /** HTTP status of the problem document (RFC 9457). */
  readonly status: number;
  /** Short title, the same for every occurrence. */
  readonly title: string;
  /** Whether the same request may succeed later without a change by the caller. */
  readonly retry: boolean;
}

/** Every code there is. Add here first; nothing else may invent one. */
export const codes = {
  // Requests in general
  malformed_json: { status: 400, title: "Body is not valid JSON", retry: false },
  bad_request: { status: 400, title: "Request is not understood", retry: false },
  unauthorized: { status: 401, title: "Bearer token is missing or wrong", retry: false },
  forbidden_origin: { status: 403, title: "Request does not come from local software", retry: false },
  not_found: { status: 404, title: "There is no such thing", retry: false },
  method_not_allowed: { status: 405, title: "Method is not allowed here", retry: false },
  too_large: { status: 413, title: "Body is too large", retry: false },
  unsupported_media_type: { status: 415, title: "Content-Type is not supported", retry: false },
  internal: { status: 500, title: "Internal error", retry: true },
  unavailable: { status: 503, title: "Service is not ready", retry: true },
  deadline: { status: 504, title: "Deadline passed", retry: true },
  // Names
  bad_vehicle_id: { status: 422, title: "Vehicle id is not valid", retry: false },
  bad_stream: { status: 422, title: "Stream name is not valid", retry: false },
  bad_field: { status: 422, title: "Field name is not valid", retry: false },
  bad_frame: { status: 422, title: "Frame is not valid", retry: false },
  too_many_fields: { status: 422, title: "Frame has too many fields", retry: false },
  too_deep: { status: 422, title: "Frame is nested too deeply", retry: false },
  bad_query: { status: 422, title: "Query is not valid", retry: false },
  // The vehicle's disk
  ring_full: { status: 507, title: "Ring is full and its policy keeps what it holds", retry: true },
  ring_in_use: { status: 500, title: "Ring directory is in use by another process", retry: false },
  disk_full: { status: 507, title: "Disk has no space left", retry: true },
  disk_failed: { status: 507, title: "Disk did not take the write", retry: true },
  // Wire and disk formats
  bad_batch: { status: 422, title: "Batch cannot be decoded", retry: false },
  bad_record: { status: 422, title: "Record cannot be decoded", retry: false },
  bad_shape: { status: 422, title: "Shape is not valid", retry: false },
  unknown_shape: { status: 422, title: "Shape is not known", retry: false },
  bad_frame_header: { status: 422, title: "Link frame is not valid", retry: false },
  frame_too_large: { status: 413, title: "Link frame is too large", retry: false },
  unknown_frame_kind: { status: 422, title: "Link frame of a kind that must be understood", retry: false },
  unexpected_frame: { status: 422, title: "Link frame that does not belong here", retry: false },
  bad_message: { status: 422, title: "Message on the link cannot be decoded", retry: false },
  // Login
  bad_hello: { status: 400, title: "Hello is malformed", retry: false },
  version_mismatch: { status: 400, title: "No protocol version in common", retry: false },
  wrong_node: { status: 400, title: "Hello or Challenge names another node", retry: false },
  bad_certificate: { status: 403, title: "Certificate is outside the profile", retry: false },
  unknown_issuer: { status: 403, title: "Certificate is of an unknown issuer", retry: false },
  certificate_expired: { status: 403, title: "Certificate has expired", retry: false },
  certificate_not_yet_valid: { status: 403, title: "Certificate is not valid yet", retry: true },
  certificate_revoked: { status: 403, title: "Certificate is revoked", retry: false },
  identity_mismatch: { status: 403, title: "Certificate names another vehicle", retry: false },
  bad_proof: { status: 403, title: "Proof does not verify", retry: false },
  login_timeout: { status: 408, title: "Login took too long", retry: true },
  duplicate_identity: { status: 409, title: "Another vehicle holds this identity", retry: true },
  superseded: { status: 409, title: "A newer session of this vehicle took over", retry: false },
  busy: { status: 503, title: "Node takes no more links now", retry: true },
  draining: { status: 503, title: "Node is being drained", retry: true },
  not_ready: { status: 503, title: "Node cannot hand telemetry on", retry: true },
  link_dead: { status: 504, title: "Peer stopped answering", retry: true },
  // Start-up and the world
  bad_config: { status: 500, title: "Configuration is not valid", retry: false },
  store_failed: { status: 503, title: "Store did not take or give the data", retry: true },
  log_failed: { status: 503, title: "Log did not take the message", retry: true },
  table_suspended: { status: 503, title: "Table is suspended in the store", retry: true },
  // At the end, because a link's close code is the place in this list
  body_timeout: { status: 408, title: "Body did not arrive in time", retry: true },
  different_body: { status: 409, title: "Repeat differs from what is stored", retry: false },
  already_decided: { status: 409, title: "Decided otherwise before", retry: false },
  bad_crl: { status: 502, title: "List of revoked certificates cannot be taken", retry: true },
  revocation_unknown: { status: 503, title: "Node cannot tell whether the certificate is revoked", retry: true },
  registered_otherwise: { status: 409, title: "Vehicle is registered with other content", retry: false },
  changed_meanwhile: { status: 412, title: "What was to be changed has changed meanwhile", retry: false },
  precondition_required: { status: 428, title: "If-Match is wanted", retry: false },
  bad_order: { status: 403, title: "Command or stop is not one that the vehicle may obey", retry: false },
  already_attached: { status: 409, title: "Other software takes the vehicle's commands", retry: true },
  wrong_state: { status: 409, title: "Command is in another state", retry: false },
  unknown_command: { status: 422, title: "There is no such command", retry: false },
  vehicle_stopped: { status: 409, title: "Vehicle is stopped", retry: false },
  different_request: { status: 422, title: "Idempotency-Key was used for another request", retry: false },
  too_many: { status: 507, title: "There are as many as there may be", retry: false },
  forbidden: { status: 403, title: "Not allowed", retry: false },
} as const satisfies Record<string, CodeFacts>;

/** One of {@link codes}. */
export type Code = keyof typeof codes;

/** Tells whether a text from outside is one of our codes. */
export function isCode(text: string): text is Code {
  return Object.hasOwn(codes, text);
}

/**
 * A fault of the world with a code, as every part throws and reports it. The cause is kept for logs and never sent.
 *
 * @example
 * ```ts
 * throw new Fault("bad_stream", `Cannot take frame of stream "A b": wanted [a-z][a-z0-9_]{0,62}`, { pointer: "/stream" });
 * ```
 */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: Code;
  /** JSON pointer (RFC 6901) to the faulty part of the input, where there is one. */
  readonly pointer: string | undefined;

  constructor(code: Code, message: string, options: { pointer?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.pointer = options.pointer;
  }
}

/** Turns anything thrown into a {@link Fault}; what is none already becomes `otherwise` with the cause kept. */
export function asFault(thrown: unknown, otherwise: Code = "internal"): Fault {
  if (thrown instanceof Fault) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Fault(otherwise, message, { cause: thrown });
}
