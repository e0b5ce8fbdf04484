/**
 * A program's figures as Prometheus text. The figures stay plain numbers of whoever counts them and are read when they
 * are asked for; nothing registers anywhere. Source: Prometheus text exposition format 0.0.4.
 */

/** Media type of the text. */
export const metricsMediaType = "text/plain; version=0.0.4; charset=utf-8";

/** Label names and values of one sample. */
export type Labels = Readonly<Record<string, string | number>>;

/** Figures of one name. */
export interface MetricFamily {
  /** With its unit last, and `_total` when it only grows: `ingest_rows_total`. */
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

/** One figure. */
export interface MetricSample {
  readonly labels?: Labels;
  readonly value: number;
}

/** Writes families, each in one piece; `labels` stand before those of every sample. */
export function metricsText(families: readonly MetricFamily[], labels: Labels = {}): string {
  return families.map(({ name, type, help, samples }) => {
    const lines = samples.map((sample) =>
      `${name}${labelsText({ ...labels, ...sample.labels })} ${valueText(sample.value)}\n`
    );
    return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n${lines.join("")}`;
  }).join("");
}

/** Samples that one label tells apart. */
export function samplesBy(label: string, values: Iterable<readonly [string | number, number]>): MetricSample[] {
  return Array.from(values, ([name, value]) => ({ labels: { [label]: name }, value }));
}

/** Puts the texts of several sources together, so that each family stands in one piece, as the format wants. */
export function mergeMetrics(texts: readonly string[]): string {
  const families = new Map<string, Set<string>>();
  for (const text of texts) {
    let family = "";
    for (const line of text.split("\n").filter((line) => line !== "")) {
      const name = /^(?:# (?:HELP|TYPE) )?([^\s{]+)/.exec(line)?.[1] ?? "";
      // Samples of a histogram have names of their own that begin with the family's.
      if (line.startsWith("#") || family === "" || !name.startsWith(family)) family = name;
      const lines = families.get(family) ?? new Set();
      families.set(family, lines.add(line));
    }
  }
  return [...families.values()].map((lines) => `${[...lines].join("\n")}\n`).join("");
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) =>
    `${name}="${escaped(String(value)).replaceAll('"', '\\"')}"`
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** Numbers as Go writes them, which is what the format says. */
function valueText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
