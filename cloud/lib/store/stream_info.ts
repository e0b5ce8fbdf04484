/** The catalog: streams and their fields, as the store knows them. */
import type { StreamName } from "#proto/ids.ts";
import type { FieldType } from "#proto/shape.ts";

/** A stream as the store knows it. */
export interface StreamInfo {
  readonly stream: StreamName;
  /** Name of its table in the store. */
  readonly table: string;
  readonly fields: readonly FieldInfo[];
}

/** A field as the store knows it. */
export interface FieldInfo {
  readonly field: string;
  /** `null` while only nulls were seen; `overflow` when it has no column of its own. */
  readonly type: FieldType | "overflow";
  /** Values that did not fit their column and lie in the overflow column. Repeats may be counted twice. */
  readonly overflowed: number;
}
