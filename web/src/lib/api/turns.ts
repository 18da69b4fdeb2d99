/** All open pages of the site take turns at what only one of them may do at a time. */
const NAME = 'runyard.refresh';
// A page that was closed in the middle keeps the others waiting no longer than this.
const LEASE_MS = 15_000;
const LOOK_MS = 40;

interface Lease {
  holder: string;
  untilMs: number;
}

export async function takeTurn<T>(work: () => Promise<T>): Promise<T> {
  if (navigator.locks) return navigator.locks.request(NAME, work);
  // Without TLS, other than on this machine, browsers offer no locks.
  return takeLease(work);
}

/** A turn by means of storage: write one's name, look whether it stayed. */
export async function takeLease<T>(work: () => Promise<T>): Promise<T> {
  const holder = `${Date.now()}-${Math.random()}`;
  while (!(await tryLease(holder))) await pause(LOOK_MS);
  try {
    return await work();
  } finally {
    if (readLease()?.holder === holder) localStorage.removeItem(NAME);
  }
}

async function tryLease(holder: string): Promise<boolean> {
  const lease = readLease();
  if (lease !== null && lease.untilMs > Date.now()) return false;
  try {
    localStorage.setItem(NAME, JSON.stringify({ holder, untilMs: Date.now() + LEASE_MS }));
  } catch {
    return true; // Storage is off: there is nothing to take turns with.
  }
  // Another page may have written at the same moment; the last one has it.
  await pause(LOOK_MS * (1 + Math.random()));
  return readLease()?.holder === holder;
}

function readLease(): Lease | null {
  try {
    const lease = JSON.parse(localStorage.getItem(NAME) ?? 'null') as Lease | null;
    // A clock that was set back must not make this a turn without an end.
    return lease && lease.untilMs - Date.now() <= LEASE_MS ? lease : null;
  } catch {
    return null;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
