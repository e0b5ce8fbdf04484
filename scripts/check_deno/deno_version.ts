/** Which Deno this project runs on, and what to say to another one. */

/** The version that everything here was tried with. Older ones keep memory for every finished QUIC stream. */
export const denoWanted = "2.9.5";

/** What to tell about a found version; fatal when programs of this project would not work. */
export interface VersionFault {
  readonly isFatal: boolean;
  readonly message: string;
}

/** Compares a found version (`2.9.5`) with the wanted one; undefined when it is that. */
export function versionFault(found: string): VersionFault | undefined {
  const order = compare(found, denoWanted);
  if (order === 0) return undefined;
  const message =
    `Found Deno ${found}: wanted ${denoWanted}; \`npx -y deno@${denoWanted}\` in place of \`deno\` is that`;
  return { isFatal: order < 0, message };
}

/** Negative when `a` is older. */
function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(/[.+-]/).map(Number));
  const place = [0, 1, 2].find((i) => left[i] !== right[i]);
  return place === undefined ? 0 : left[place] - right[place];
}
