/** Whether this machine lets a test drop packets in a network namespace. */

/** Why not; undefined when it does. */
export async function nftRefusal(): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "network namespaces are Linux's";
  if (Deno.uid() !== 0) return "root is needed for a network namespace";
  const tried = "ip link set lo up && nft add table inet t";
  try {
    const { success, stderr } = await new Deno.Command("unshare", { args: ["--net", "sh", "-c", tried] }).output();
    return success ? undefined : `no namespace with nft: ${new TextDecoder().decode(stderr).trim()}`;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}
