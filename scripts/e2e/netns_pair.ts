/** Two network namespaces with a slow way between them. */

/** Why this machine has none; undefined when it has. */
export async function pairRefusal(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "network namespaces are Linux's";
  if (Deno.uid() !== 0) return "root is needed for network namespaces";
  try {
    await using _pair = await netnsPair({ bitsPerSecond: 1_000_000 });
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

/** What {@link netnsPair} made. */
export interface NetnsPair extends AsyncDisposable {
  readonly firstAddress: string;
  /** The words that run a command there. */
  inFirst(...words: string[]): readonly [string, ...string[]];
  inSecond(...words: string[]): readonly [string, ...string[]];
}

/** Makes both; each way between them carries so much, and keeps what more comes for 300 ms. */
export async function netnsPair({ bitsPerSecond }: { bitsPerSecond: number }): Promise<NetnsPair> {
  const [first, second] = ["a", "b"].map((side) => `ss-${Deno.pid}-${side}`);
  const dispose = async () => {
    for (const name of [first, second]) await run("ip", "netns", "del", name).catch(() => undefined);
  };
  try {
    for (const name of [first, second]) await run("ip", "netns", "add", name);
    await run("ip", "-n", first, "link", "add", "way", "type", "veth", "peer", "name", "way", "netns", second);
    for (const [at, name] of [first, second].entries()) {
      await run("ip", "-n", name, "addr", "add", `10.213.0.${at + 1}/24`, "dev", "way");
      await run("ip", "-n", name, "link", "set", "lo", "up");
      await run("ip", "-n", name, "link", "set", "way", "up");
      const rate = ["tbf", "rate", `${bitsPerSecond}bit`, "burst", "6kb", "latency", "300ms"];
      await run("ip", "netns", "exec", name, "tc", "qdisc", "add", "dev", "way", "root", ...rate);
    }
  } catch (thrown) {
    await dispose();
    throw thrown;
  }
  return {
    firstAddress: "10.213.0.1",
    inFirst: (...words) => ["ip", "netns", "exec", first, ...words],
    inSecond: (...words) => ["ip", "netns", "exec", second, ...words],
    [Symbol.asyncDispose]: dispose,
  };
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}
