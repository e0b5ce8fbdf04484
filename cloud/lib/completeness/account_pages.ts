/** Walks the accounts of all vehicles: a page of them is one question to the store and some hundred kilobytes. */
import type { VehicleId } from "#proto/ids.ts";
import { accountPageMax } from "../store/limits.ts";
import type { StoreReader } from "../store/store.ts";
import type { VehicleAccount } from "../store/vehicle_account.ts";

/** All accounts, page by page, by id of the vehicle. */
export async function* accountPages(store: Pick<StoreReader, "accounts">): AsyncGenerator<readonly VehicleAccount[]> {
  let after: VehicleId | undefined;
  do {
    const { accounts, more } = await store.accounts({ limit: accountPageMax, ...(after !== undefined && { after }) });
    yield accounts;
    after = more ? accounts[accounts.length - 1].vehicle : undefined;
  } while (after !== undefined);
}
