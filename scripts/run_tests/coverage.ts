/** Reads which lines the tests ran, and tells it by folder. Source of the format: geninfo(1), section FILES. */

/** Lines of one file. */
export interface FileCoverage {
  readonly path: string;
  readonly lines: number;
  readonly run: number;
}

/** Reads an lcov report; paths become relative to `top`, files outside are left out. */
export function parseLcov(text: string, top: string): FileCoverage[] {
  return text.split("end_of_record").flatMap((record) => {
    const path = /^SF:(.*)$/m.exec(record)?.[1];
    if (path === undefined || !path.startsWith(top)) return [];
    return [{ path: path.slice(top.length), lines: countOf(record, "LF"), run: countOf(record, "LH") }];
  });
}

function countOf(record: string, key: string): number {
  return Number(new RegExp(`^${key}:(\\d+)$`, "m").exec(record)?.[1] ?? 0);
}

/** Share of lines by member, and the pure files that tests hardly run. */
export function coverageReport(files: readonly FileCoverage[]): string {
  const shipped = files.filter(({ path }) => /^(proto|edge|relay|cloud)\//.test(path) && !forTests.test(path));
  const members = [...Map.groupBy(shipped, ({ path }) => path.slice(0, path.indexOf("/")))].sort();
  const rows = [...members, ["all", shipped] as const].map(([member, inMember]) => {
    const lines = inMember.reduce((sum, file) => sum + file.lines, 0);
    const run = inMember.reduce((sum, file) => sum + file.run, 0);
    return `${member.padEnd(8)}${percent(run, lines)}  of ${lines} lines`;
  });
  const thin = shipped.filter(({ path, lines, run }) => !ofTheWorld.test(path) && run < lines * shareMin)
    .map(({ path, lines, run }) => `${percent(run, lines)}  ${path}`);
  const listed = thin.length === 0 ? [] : [`pure files under ${shareMin * 100} %:`, ...thin];
  return ["lines run by tests in this process", ...rows, ...listed].join("\n");
}

/** Less than this of a pure file is worth a look. */
const shareMin = 0.8;

const forTests = /(^|\/)(testing|gen)\/|_(test|bench|suite)\.ts$/;
/** Much of these runs in processes of their own, which are not counted. */
const ofTheWorld = /(^|\/)(io\/|(main|worker|shard)\.ts$)/;

function percent(run: number, lines: number): string {
  return `${lines === 0 ? "-" : (100 * run / lines).toFixed(1)} %`.padStart(8);
}
